import Atoms
import CPUExecutor
import Compute
import Interactions
import Layers
import Models
import Neighbors
import Programs

/// A model as a potential energy surface, in one precision; or a committee of them, which share all that does
/// not depend on weights.
public final class NetworkInteraction<T: ExecutableScalar>: Interaction, ProfiledInteraction {
    public let cutoff: Double
    public let minimumDistances: MinimumDistances?
    public let properties: [Property]
    let executor: any Executor<T>
    /// What other heads than the energy's become.
    private let assembly: Assembly
    let configuration: ModelConfiguration
    /// `[member]`
    private let outputs: [Outputs]
    var memberCount: Int { outputs.count }
    /// `[atomic number]` — index of the model's type, −1 where there is none.
    private let typeOfElement: [Int32]
    /// Of programs beside that of energies and forces, with the parameters bound.
    private let makeExecutor: (Program) -> any Executor<T>
    private let model: Model
    /// Made when they are needed first.
    private(set) lazy var hessianExecutor = makeExecutor(model.hessianProgram(members: memberCount))
    private(set) lazy var flowExecutor = makeExecutor(model.energyFlowProgram(members: memberCount))
    private(set) lazy var featureExecutor = makeExecutor(model.featureProgram(members: memberCount))
    private(set) lazy var drivingExecutor = makeExecutor(model.heatDrivingProgram(members: memberCount))
    private(set) var species: [Int32] = []
    private var knownElements: [Element] = []

    /// The outputs of a member.
    private struct Outputs {
        /// Of a model that has energies.
        let surface: Surface?
        let heads: [Program.Output]

        init(_ prefix: String, of program: Program, _ heads: [Head], hasEnergies: Bool) {
            surface = hasEnergies ? Surface(prefix, of: program) : nil
            self.heads = heads.map { program.output(prefix + "head \($0.name)") }
        }
    }

    /// The potential energy surface of a member.
    private struct Surface {
        let atomicEnergies, forces, virial, atomicVirials: Program.Output

        init(_ prefix: String, of program: Program) {
            atomicEnergies = program.output(prefix + "atomic energies")
            forces = program.output(prefix + "forces")
            virial = program.output(prefix + "virial")
            atomicVirials = program.output(prefix + "atomic virials")
        }
    }

    public init(
        _ model: Model, _ members: [ParameterSet], minimumDistances: MinimumDistances? = nil,
        parallelism: Parallelism = .allCores
    ) {
        configuration = model.configuration
        properties = model.configuration.properties
        let assembly = Assembly(model.configuration)
        self.assembly = assembly
        cutoff = model.configuration.rMax
        self.minimumDistances = minimumDistances
        let program = model.evaluationProgram(members: members.count)
        let prefixes = members.indices.map { Model.prefix($0, of: members.count) }
        self.model = model
        let scales = configuration.perTypeEnergyScales
        let predictsEnergy = configuration.predictsEnergy
        let makeExecutor: (Program) -> any Executor<T> = { program in
            let executor = ProcessorExecutor<T>(program, parallelism: parallelism)
            for (member, prefix) in zip(members, prefixes) {
                member.bind(to: executor, prefix: prefix, parallelism)
            }
            if predictsEnergy {
                executor.withInput("scales") { input in
                    for (type, scale) in scales.enumerated() { input[type] = T(scale) }
                }
            }
            return executor
        }
        self.makeExecutor = makeExecutor
        executor = makeExecutor(program)
        outputs = prefixes.map {
            Outputs($0, of: program, assembly.heads, hasEnergies: model.configuration.predictsEnergy)
        }
        var types = [Int32](repeating: -1, count: Element.count + 1)
        for (type, element) in configuration.elements.enumerated() { types[element.atomicNumber] = Int32(type) }
        typeOfElement = types
    }

    public convenience init(
        _ model: Model, _ parameters: ParameterSet, minimumDistances: MinimumDistances? = nil,
        parallelism: Parallelism = .allCores
    ) {
        self.init(model, [parameters], minimumDistances: minimumDistances, parallelism: parallelism)
    }

    public func check(elements: [Element]) throws {
        guard elements.allSatisfy({ typeOfElement[$0.atomicNumber] >= 0 }) else {
            throw InteractionError.unknown(
                elements: elements.filter { typeOfElement[$0.atomicNumber] < 0 }, to: "this potential",
                covering: configuration.elements)
        }
    }

    @specialized(where T == Float)
    public func evaluate(_ configuration: Configuration, into result: inout InteractionResult) throws {
        let edges = configuration.edges
        try find(speciesOf: configuration.elements)
        try checkThatItIsPredicted(result, of: configuration)
        try Graph.with(species: species, edges: edges) { graph in
            run(on: graph, wantsAtomicVirials: result.wantsAtomicVirials, wantsProperties: result.wantsProperties)
            // Members are compared at atoms, so the forces on ghosts must come home.
            if memberCount > 1 {
                for member in outputs { member.surface.map { executor.addGhosts(of: $0.forces, on: graph) } }
            }
            try fill(
                &result, from: graph, structure: 0, atoms: 0..<graph.atoms, ghosts: graph.sources - graph.atoms)
            try addProperties(of: configuration, from: graph, atoms: 0..<graph.atoms, to: &result)
        }
    }

    /// Structures side by side, as one graph.
    @specialized(where T == Float)
    public func evaluate(_ configurations: [Configuration], into results: inout [InteractionResult]) throws {
        precondition(
            configurations.count == results.count && configurations.allSatisfy(\.isWhole),
            "expected whole configurations and as many results, got \(configurations.count) and \(results.count)")
        guard configurations.count > 1 else {
            if let only = configurations.first { try evaluate(only, into: &results[0]) }
            return
        }
        try find(speciesOf: configurations.flatMap(\.elements))
        for (configuration, result) in zip(configurations, results) {
            try checkThatItIsPredicted(result, of: configuration)
        }
        let structureOfAtom = configurations.enumerated().flatMap { index, configuration in
            repeatElement(Int32(index), count: configuration.elements.count)
        }
        let edges = EdgeList(joining: configurations.map(\.edges))
        try Graph.with(
            species: species, structureOfAtom: structureOfAtom, structures: configurations.count, edges: edges
        ) { graph in
            run(
                on: graph, wantsAtomicVirials: results.contains(where: \.wantsAtomicVirials),
                wantsProperties: results.contains(where: \.wantsProperties))
            var first = 0
            for index in configurations.indices {
                let count = configurations[index].elements.count
                let atoms = first..<first + count
                try fill(&results[index], from: graph, structure: index, atoms: atoms, ghosts: 0)
                try addProperties(of: configurations[index], from: graph, atoms: atoms, to: &results[index])
                first += count
            }
        }
    }

    private func run(on graph: Graph, wantsAtomicVirials: Bool, wantsProperties: Bool) {
        executor.run(on: graph, stage: Model.Stage.energies)
        if wantsAtomicVirials { executor.run(on: graph, stage: Model.Stage.atomicVirials) }
        if wantsProperties, !assembly.isEmpty { executor.run(on: graph, stage: Model.Stage.heads) }
    }

    /// No zeros where energies or properties are asked for that there are not.
    private func checkThatItIsPredicted(_ result: InteractionResult, of configuration: Configuration) throws {
        guard self.configuration.predictsEnergy || result.wantsProperties else {
            throw InteractionError(
                .notPredicted,
                "The potential predicts \(properties.map(\.name).joined(separator: ", ")), and no energies or forces."
            )
        }
        guard result.wantsProperties, !assembly.isEmpty else { return }
        guard configuration.isWhole, configuration.charge != nil else {
            throw InteractionError(
                .notPredicted,
                configuration.isWhole
                    ? "The total charge of the structure (\(Structure.chargeKeys.joined(separator: " or "))) is not a number, or not the same number."
                    : "\(assembly.properties.map(\.name).joined(separator: ", ")) are of whole structures, not of a host's part of one."
            )
        }
    }

    /// What other heads say, as properties; of a committee the mean. Throws on what is not finite.
    private func addProperties(
        of configuration: Configuration, from graph: Graph, atoms: Range<Int>, to result: inout InteractionResult
    ) throws {
        guard result.wantsProperties, !assembly.isEmpty, let charge = configuration.charge else { return }
        let places = Assembly.Atoms(
            species: Array(species[atoms]), positions: configuration.positions, charge: charge,
            repeats: configuration.repeats)
        for member in outputs {
            let numbers = zip(assembly.heads, member.heads).map { head, output in
                executor.withOutput(output, on: graph) { HeadRows.read($0, head, atoms) }
            }
            for (property, values) in assembly.properties(of: places, from: numbers) {
                let sum = result.properties[property] ?? Array(repeating: 0, count: values.count)
                result.properties[property] = zip(sum, values).map { $0 + $1 / Double(memberCount) }
            }
        }
        for (property, values) in result.properties where !values.allSatisfy(\.isFinite) {
            throw InteractionError(
                .notFinite,
                "The potential gives \(property) that are not finite numbers: atoms are probably on top of each other."
            )
        }
    }

    func find(speciesOf elements: [Element]) throws {
        guard knownElements != elements else { return }
        try check(elements: elements)
        knownElements = elements
        species = elements.map { typeOfElement[$0.atomicNumber] }
    }

    /// Takes the results of one structure, whose atoms are `atoms` among those of the graph. Ghosts follow the atoms of
    /// the only structure. Throws on what is not finite.
    @inline(__always)
    private func fill(
        _ result: inout InteractionResult, from graph: Graph, structure: Int, atoms: Range<Int>, ghosts: Int
    ) throws {
        result.reset(
            count: atoms.count, ghosts: ghosts, members: configuration.predictsEnergy ? memberCount : 1)
        guard configuration.predictsEnergy else { return }
        for member in outputs {
            if let surface = member.surface { add(surface, on: graph, structure, atoms, to: &result) }
        }
        if memberCount > 1 { compareMembers(on: graph, atoms, &result) }
        let shifts = configuration.perTypeEnergyShifts
        var shift = 0.0
        for (index, atom) in atoms.enumerated() {
            shift += shifts[Int(species[atom])]
            result.atomicEnergies[index] += shifts[Int(species[atom])]
            result.energy += result.atomicEnergies[index]
        }
        for member in result.memberEnergies.indices { result.memberEnergies[member] += shift }
        guard result.energy.isFinite, result.forces.allSatisfy({ $0.x.isFinite && $0.y.isFinite && $0.z.isFinite })
        else {
            throw InteractionError(
                .notFinite,
                "The potential gives an energy or force that is not a finite number: atoms are probably on top of each other."
            )
        }
    }

    /// Adds a member's share of the mean: atomic energies without shifts, forces and virials.
    @inline(__always)
    private func add(
        _ member: Surface, on graph: Graph, _ structure: Int, _ atoms: Range<Int>, to result: inout InteractionResult
    ) {
        let share = 1 / Double(memberCount)
        let first = atoms.lowerBound
        executor.withOutput(member.atomicEnergies, on: graph) { energies in
            for index in 0..<atoms.count { result.atomicEnergies[index] += share * Double(energies[first + index]) }
        }
        executor.withOutput(member.forces, on: graph) { forces in
            for index in 0..<(memberCount > 1 && ghostExchange != nil ? atoms.count : result.forces.count) {
                result.forces[index] += share * Self.vector(forces, first + index)
            }
        }
        executor.withOutput(member.virial, on: graph) { result.virial += Self.symmetric($0, structure) * share }
        guard result.wantsAtomicVirials else { return }
        executor.withOutput(member.atomicVirials, on: graph) { virials in
            for index in result.atomicVirials.indices {
                result.atomicVirials[index] += Self.symmetric(virials, first + index) * share
            }
        }
    }

    /// A tensor of `[row][9]`. Parts of virials that are not symmetric are rounding in their sum, because rotating
    /// everything costs no energy; in the shares of atoms they have no meaning of their own.
    @inline(__always)
    private static func symmetric(_ numbers: UnsafeBufferPointer<T>, _ row: Int) -> Matrix3 {
        let w = Matrix3(vector(numbers, 3 * row), vector(numbers, 3 * row + 1), vector(numbers, 3 * row + 2))
        return (w + w.transposed) * 0.5
    }

    /// Compares the members with their mean, which `result` holds.
    private func compareMembers(on graph: Graph, _ atoms: Range<Int>, _ result: inout InteractionResult) {
        let (first, count) = (atoms.lowerBound, atoms.count)
        var deviation = result.deviation!
        // The only reference, so that the array is not copied.
        result.deviation = nil
        let mean = result.atomicEnergies.reduce(0, +)
        var squares = 0.0
        for member in outputs.indices {
            guard let surface = outputs[member].surface else { continue }
            let energy = executor.withOutput(surface.atomicEnergies, on: graph) { energies in
                energies[first..<first + count].reduce(0) { $0 + Double($1) }
            }
            executor.withOutput(surface.forces, on: graph) { forces in
                for atom in 0..<count {
                    let difference = Self.vector(forces, first + atom) - result.forces[atom]
                    deviation.forces[atom] += dot(difference, difference)
                }
            }
            result.memberEnergies[member] = energy
            squares += (energy - mean) * (energy - mean)
        }
        deviation.energy = (squares / Double(memberCount)).squareRoot()
        for atom in 0..<count {
            deviation.forces[atom] = (deviation.forces[atom] / Double(memberCount)).squareRoot()
        }
        result.deviation = deviation
    }

    @inline(__always)
    static func vector(_ numbers: UnsafeBufferPointer<T>, _ place: Int) -> SIMD3<Double> {
        SIMD3(Double(numbers[3 * place]), Double(numbers[3 * place + 1]), Double(numbers[3 * place + 2]))
    }

    /// Seconds spent in each instruction since profiling was switched on, with the instruction's name.
    public var profile: [(name: String, seconds: Double)] { executor.profile }

    public var ghostExchange: GhostExchange? {
        get { executor.ghostExchange }
        set { executor.ghostExchange = newValue }
    }

    public var longestExchange: Int {
        // A committee's members are compared after their forces on ghosts have come home.
        max(executor.longestExchange, memberCount > 1 ? 3 * MemoryLayout<T>.size : 0)
    }

    public func memoryEstimate(atoms: Int, edges: Int) -> Double {
        Double(executor.memoryEstimate(for: Graph.Size(atoms: atoms, edges: edges)))
    }

    /// What the network's values take in memory.
    public var memoryBytes: Int { executor.memoryBytes }

    public var isProfiling: Bool {
        get { executor.isProfiling }
        set { executor.isProfiling = newValue }
    }
}
