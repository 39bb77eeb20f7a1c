import Atoms
import Compute
import Interactions
import Neighbors
import Programs

/// A NequIP model as a potential energy surface, in one precision.
public final class NetworkInteraction<T: ExecutableScalar>: Interaction {
    public let cutoff: Double
    public let minimumDistances: MinimumDistances?
    private let executor: Executor<T>
    private let configuration: ModelConfiguration
    /// `[atomic number]` — index of the model's type, −1 where there is none.
    private let typeOfElement: [Int32]
    private var species: [Int32] = []
    private var knownElements: [Element] = []

    public init(
        _ model: NequIPModel, _ parameters: ParameterSet, radial: NequIPModel.RadialFunctions = .spline,
        minimumDistances: MinimumDistances? = nil, parallelism: Parallelism = .allCores
    ) {
        configuration = model.configuration
        cutoff = model.configuration.rMax
        self.minimumDistances = minimumDistances
        executor = Executor(model.evaluationProgram(radial), parallelism: parallelism)
        parameters.bind(to: executor)
        let scales = configuration.perTypeEnergyScales
        executor.bind("scales") { input in for (type, scale) in scales.enumerated() { input[type] = T(scale) } }
        var types = [Int32](repeating: -1, count: 119)
        for (type, element) in configuration.elements.enumerated() { types[element.atomicNumber] = Int32(type) }
        typeOfElement = types
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
        result.reset(count: elements.count)
        let shifts = configuration.perTypeEnergyShifts
        Graph.with(species: species, edges: edges) { graph in
            executor.run(on: graph)
            let energies = executor.output("atomic energies", on: graph)
            let forces = executor.output("forces", on: graph)
            let virial = executor.output("virial", on: graph)
            for atom in elements.indices {
                result.atomicEnergies[atom] = Double(energies[atom]) + shifts[Int(species[atom])]
                result.energy += result.atomicEnergies[atom]
                result.forces[atom] = SIMD3(
                    Double(forces[3 * atom]), Double(forces[3 * atom + 1]), Double(forces[3 * atom + 2]))
            }
            // The parts that are not symmetric are rounding: rotating everything costs no energy.
            func row(_ i: Int) -> SIMD3<Double> {
                SIMD3(Double(virial[3 * i]), Double(virial[3 * i + 1]), Double(virial[3 * i + 2]))
            }
            let w = Matrix3(row(0), row(1), row(2))
            result.virial = (w + w.transposed) * 0.5
        }
        guard result.energy.isFinite, result.forces.allSatisfy({ $0.x.isFinite && $0.y.isFinite && $0.z.isFinite })
        else {
            throw InteractionError(
                .notFinite,
                "The potential gives an energy or force that is not a finite number: atoms are probably on top of each other."
            )
        }
    }

    /// Seconds spent in each instruction since profiling was switched on, with the instruction's name.
    public var profile: [(name: String, seconds: Double)] { executor.profile }

    /// What the network's values take in memory.
    public var memoryBytes: Int { executor.memoryBytes }

    public var isProfiling: Bool {
        get { executor.isProfiling }
        set { executor.isProfiling = newValue }
    }
}
