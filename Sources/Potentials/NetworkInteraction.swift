import Atoms
import CPUExecutor
import Compute
import Interactions
import Layers
import Models
import Neighbors
import Programs

/// A NequIP model as a potential energy surface, in one precision; or a committee of them, which share all that does
/// not depend on weights.
public final class NetworkInteraction<T: ExecutableScalar>: Interaction {
    public let cutoff: Double
    public let minimumDistances: MinimumDistances?
    private let executor: Executor<T>
    private let configuration: ModelConfiguration
    private let memberCount: Int
    /// `[atomic number]` — index of the model's type, −1 where there is none.
    private let typeOfElement: [Int32]
    private var species: [Int32] = []
    private var knownElements: [Element] = []

    public init(
        _ model: NequIPModel, _ members: [ParameterSet], radial: NequIPModel.RadialFunctions = .spline,
        minimumDistances: MinimumDistances? = nil, parallelism: Parallelism = .allCores
    ) {
        configuration = model.configuration
        cutoff = model.configuration.rMax
        self.minimumDistances = minimumDistances
        memberCount = members.count
        executor = Executor(model.evaluationProgram(radial, members: memberCount), parallelism: parallelism)
        for (index, member) in members.enumerated() {
            member.bind(to: executor, prefix: NequIPModel.prefix(index, of: memberCount))
        }
        let scales = configuration.perTypeEnergyScales
        executor.bind("scales") { input in for (type, scale) in scales.enumerated() { input[type] = T(scale) } }
        var types = [Int32](repeating: -1, count: Element.count + 1)
        for (type, element) in configuration.elements.enumerated() { types[element.atomicNumber] = Int32(type) }
        typeOfElement = types
    }

    public convenience init(
        _ model: NequIPModel, _ parameters: ParameterSet, radial: NequIPModel.RadialFunctions = .spline,
        minimumDistances: MinimumDistances? = nil, parallelism: Parallelism = .allCores
    ) {
        self.init(
            model, [parameters], radial: radial, minimumDistances: minimumDistances, parallelism: parallelism)
    }

    public func check(elements: [Element]) throws {
        guard elements.allSatisfy({ typeOfElement[$0.atomicNumber] >= 0 }) else {
            throw InteractionError.unknown(
                elements: elements.filter { typeOfElement[$0.atomicNumber] < 0 }, to: "this potential",
                covering: configuration.elements)
        }
    }

    @specialized(where T == Float)
    public func evaluate(elements: [Element], edges: EdgeList, into result: inout InteractionResult) throws {
        if knownElements != elements {
            try check(elements: elements)
            knownElements = elements
            species = elements.map { typeOfElement[$0.atomicNumber] }
        }
        result.reset(count: edges.atomCount, ghosts: edges.ghostCount)
        let shifts = configuration.perTypeEnergyShifts
        Graph.with(species: species, edges: edges) { graph in
            executor.run(on: graph)
            if result.wantsAtomicVirials { executor.run(on: graph, stage: 1) }
            for member in 0..<memberCount { add(member, on: graph, to: &result) }
            if memberCount > 1 { compareMembers(on: graph, &result) } else { result.deviation = nil }
            var shift = 0.0
            for atom in 0..<graph.atoms {
                shift += shifts[Int(species[atom])]
                result.atomicEnergies[atom] += shifts[Int(species[atom])]
                result.energy += result.atomicEnergies[atom]
            }
            for member in result.memberEnergies.indices { result.memberEnergies[member] += shift }
        }
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
    private func add(_ member: Int, on graph: Graph, to result: inout InteractionResult) {
        let share = 1 / Double(memberCount)
        let energies = output("atomic energies", member, on: graph)
        let forces = output("forces", member, on: graph)
        let virial = output("virial", member, on: graph)
        // Members are compared at atoms, so the forces on ghosts must come home.
        if memberCount > 1 { executor.addGhosts(ofOutput: name("forces", of: member), on: graph) }
        for atom in 0..<graph.atoms { result.atomicEnergies[atom] += share * Double(energies[atom]) }
        for atom in 0..<(memberCount > 1 && ghostExchange != nil ? graph.atoms : graph.sources) {
            result.forces[atom] += share * Self.vector(forces, atom)
        }
        result.virial += Self.symmetric(virial, 0) * share
        guard result.wantsAtomicVirials else { return }
        let virials = output("atomic virials", member, on: graph)
        for atom in 0..<graph.sources { result.atomicVirials[atom] += Self.symmetric(virials, atom) * share }
    }

    /// A tensor of `[row][9]`. Parts of virials that are not symmetric are rounding in their sum, because rotating
    /// everything costs no energy; in the shares of atoms they have no meaning of their own.
    @inline(__always)
    private static func symmetric(_ numbers: UnsafeBufferPointer<T>, _ row: Int) -> Matrix3 {
        let w = Matrix3(vector(numbers, 3 * row), vector(numbers, 3 * row + 1), vector(numbers, 3 * row + 2))
        return (w + w.transposed) * 0.5
    }

    /// Compares the members with their mean, which `result` holds.
    private func compareMembers(on graph: Graph, _ result: inout InteractionResult) {
        let count = graph.atoms
        var deviation = result.deviation ?? Structure.Deviation(energy: 0, forces: [])
        // The only reference, so that the array is not copied.
        result.deviation = nil
        if deviation.forces.count != count { deviation.forces = Array(repeating: 0, count: count) }
        for atom in 0..<count { deviation.forces[atom] = 0 }
        let mean = result.atomicEnergies.reduce(0, +)
        if result.memberEnergies.count != memberCount {
            result.memberEnergies = Array(repeating: 0, count: memberCount)
        }
        var squares = 0.0
        for member in 0..<memberCount {
            let energies = output("atomic energies", member, on: graph)
            let forces = output("forces", member, on: graph)
            var energy = 0.0
            for atom in 0..<count {
                energy += Double(energies[atom])
                let difference = Self.vector(forces, atom) - result.forces[atom]
                deviation.forces[atom] += dot(difference, difference)
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

    private func output(_ output: String, _ member: Int, on graph: Graph) -> UnsafeBufferPointer<T> {
        executor.output(name(output, of: member), on: graph)
    }

    /// What the program calls an output of a member.
    private func name(_ output: String, of member: Int) -> String {
        memberCount > 1 ? NequIPModel.prefix(member, of: memberCount) + output : output
    }

    @inline(__always)
    private static func vector(_ numbers: UnsafeBufferPointer<T>, _ place: Int) -> SIMD3<Double> {
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
        Double(executor.memoryEstimate(atoms: atoms, edges: edges))
    }

    /// What the network's values take in memory.
    public var memoryBytes: Int { executor.memoryBytes }

    public var isProfiling: Bool {
        get { executor.isProfiling }
        set { executor.isProfiling = newValue }
    }
}
