import Atoms

/// Puts properties together from what heads say of the atoms of a structure, and takes derivatives back to the heads.
/// Both are linear, so this is done outside of the program, in double precision.
///
///     property of atoms        h_i s + t(type of i)
///     charges                  the same, less (Σ_i q_i − Q)/N of each: they add up to the charge Q of the structure
///     property of structures   Σ_i h_i s
///     dipole                   Σ_i μ_i with the head of atomic dipoles, and with charges Σ_i q_i (r_i − c) beside,
///                              about the centroid c
///
/// with the output's scale s and shifts t.
public struct Assembly: Sendable {
    /// All but energies.
    private let outputs: [Output]
    /// `[output]` — place of its head among `heads`.
    private let headOf: [Int]
    /// All but that of energies, in the order of `ModelConfiguration.heads`.
    public let heads: [Head]
    private let scales: [Double]

    public var properties: [Property] { outputs.map(\.property) }
    public var isEmpty: Bool { outputs.isEmpty }

    public init(_ configuration: ModelConfiguration) {
        let outputs = configuration.outputs.filter { $0.property != .energy }.sorted { $0.property < $1.property }
        let heads = configuration.heads.filter { $0 != .energy }
        let headOf = outputs.map { output in heads.firstIndex(of: Self.head(of: output.property))! }
        self.outputs = outputs
        self.heads = heads
        self.headOf = headOf
        // A head of two properties has the scale of that of atoms.
        scales = heads.indices.map { head in
            let served = outputs.indices.filter { headOf[$0] == head }.map { outputs[$0] }
            return (served.first { $0.property.scope == .atom } ?? served[0]).scale
        }
    }

    /// The head that a property is made from.
    static func head(of property: Property) -> Head {
        let source: Property = property == .dipole ? .atomicDipoles : property
        return Head(name: source.name, shape: source.shape)
    }

    /// A structure as far as properties depend on it.
    public struct Atoms: Sendable {
        /// `[atom]` — types of the model.
        public var species: [Int32]
        /// `[atom]` about the centroid, Å.
        var positions: [SIMD3<Double>]
        /// e
        var charge: Double
        var repeats: Bool

        /// - Parameter charge: of the structure, e.
        public init(species: [Int32], positions: [SIMD3<Double>], charge: Double, repeats: Bool) {
            let centroid = positions.isEmpty ? .zero : positions.reduce(.zero, +) / Double(positions.count)
            self.species = species
            self.positions = positions.map { $0 - centroid }
            self.charge = charge
            self.repeats = repeats
        }
    }

    /// Properties of a structure: `[component]`, or `[atom][component]`. What means nothing for a structure that
    /// repeats is left out.
    ///
    /// - Parameter numbers: `[head][atom][component]`, as the network gives them.
    public func properties(of atoms: Atoms, from numbers: [[Double]]) -> [Property: [Double]] {
        var properties: [Property: [Double]] = [:]
        for (output, head) in zip(outputs, headOf) where output.property.scope == .atom {
            properties[output.property] = ofAtoms(output, atoms, numbers[head], scale: scales[head])
        }
        for (output, head) in zip(outputs, headOf) where output.property.scope == .structure {
            if output.property.isOfMoleculesOnly && atoms.repeats { continue }
            var sum = [Double](repeating: 0, count: output.property.shape.components)
            for (place, number) in numbers[head].enumerated() { sum[place % sum.count] += scales[head] * number }
            if output.property == .dipole, let charges = properties[.charges] {
                for (charge, position) in zip(charges, atoms.positions) {
                    for axis in 0..<3 { sum[axis] += charge * position[axis] }
                }
            }
            properties[output.property] = sum
        }
        return properties
    }

    private func ofAtoms(_ output: Output, _ atoms: Atoms, _ numbers: [Double], scale: Double) -> [Double] {
        var values = numbers.map { scale * $0 }
        if !output.perTypeShifts.isEmpty {
            for (atom, type) in atoms.species.enumerated() { values[atom] += output.perTypeShifts[Int(type)] }
        }
        if output.property == .charges, !values.isEmpty {
            let excess = (values.reduce(0, +) - atoms.charge) / Double(values.count)
            for atom in values.indices { values[atom] -= excess }
        }
        return values
    }

    /// The derivative by what heads say, `[head][atom][component]`, of something whose derivatives by properties are
    /// given.
    public func headDerivatives(of atoms: Atoms, _ derivatives: [Property: [Double]]) -> [[Double]] {
        let count = atoms.species.count
        var result = heads.map { [Double](repeating: 0, count: count * $0.shape.components) }
        var charges = derivatives[.charges] ?? []
        for (output, head) in zip(outputs, headOf) {
            guard let derivative = derivatives[output.property] else { continue }
            let isOfAtoms = output.property.scope == .atom
            if output.property == .dipole, self.outputs.contains(where: { $0.property == .charges }) {
                if charges.isEmpty { charges = Array(repeating: 0, count: count) }
                for (atom, position) in atoms.positions.enumerated() {
                    for axis in 0..<3 { charges[atom] += derivative[axis] * position[axis] }
                }
            }
            guard output.property != .charges else { continue }
            for place in result[head].indices {
                result[head][place] += scales[head] * derivative[isOfAtoms ? place : place % derivative.count]
            }
        }
        if !charges.isEmpty, let index = outputs.firstIndex(where: { $0.property == .charges }) {
            // The excess is shared by all.
            let mean = charges.reduce(0, +) / Double(count)
            for atom in 0..<count { result[headOf[index]][atom] += scales[headOf[index]] * (charges[atom] - mean) }
        }
        return result
    }
}
