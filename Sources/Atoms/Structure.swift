/// Atoms in space: what a DFT code prints, a potential reads and a simulation moves.
///
/// Lengths in Å, energies in eV, forces in eV/Å, stress in eV/Å³ (positive in tension), velocities in Å/fs.
/// Labels that a source does not give are `nil`, never zero.
public struct Structure: Sendable, Equatable {
    public var elements: [Element]
    public var positions: [SIMD3<Double>]
    public var cell: Cell?

    public var energy: Double?
    public var forces: [SIMD3<Double>]?
    public var stress: Matrix3?
    public var velocities: [SIMD3<Double>]?
    /// `[atom]`, amu, of isotopes for example; standard atomic weights where a source does not give them.
    public var masses: [Double]?

    /// Other properties, each its numbers: `[component]` of the structure, or `[atom][component]`.
    public var properties: [Property: [Double]] = [:]

    /// `[atom]`, 1 along the axes x, y and z on which an atom is free to move, 0 where the source says that it is
    /// fixed; `nil` where it says nothing.
    public var moveMask: [SIMD3<Int8>]?
    /// What the labels count in a training; 1 unless the source or its settings say otherwise.
    public var weight: Double?
    /// `[atom]` The same of force components; 0 for those that are none.
    public var forceWeights: [SIMD3<Double>]?

    /// How far the members of a committee of potentials disagree about energy and forces.
    public var deviation: Deviation?

    /// What else the source said about this structure (for example `config_type`), as text.
    public var information: [String: String] = [:]

    /// Standard deviations over the members k of a committee: of the energy, and of each force as a vector,
    /// `√⟨|F_k − ⟨F⟩|²⟩` (Zhang et al., Phys. Rev. Materials 3, 023804 (2019), eq. 2).
    public struct Deviation: Sendable, Equatable {
        /// Of the energy, eV.
        public var energy: Double
        /// `[atom]` — of the force vector, eV/Å.
        public var forces: [Double]

        public init(energy: Double, forces: [Double]) {
            self.energy = energy
            self.forces = forces
        }

        /// The largest of the force deviations, eV/Å.
        public var largestOfForces: Double { forces.max() ?? 0 }
    }

    public init(elements: [Element], positions: [SIMD3<Double>], cell: Cell? = nil) {
        precondition(
            elements.count == positions.count,
            "expected as many positions as elements, got \(positions.count) and \(elements.count)")
        self.elements = elements
        self.positions = positions
        self.cell = cell
    }

    public var count: Int { elements.count }

    /// Elements present, in order of atomic number, each with its number of atoms.
    public var composition: [(element: Element, count: Int)] {
        Dictionary(grouping: elements, by: \.self).map { ($0.key, $0.value.count) }
            .sorted { $0.element < $1.element }
    }

    /// The composition as a formula, for example `Si63` or `H4C2O`.
    public var formula: String {
        composition.map { $0.count == 1 ? $0.element.symbol : "\($0.element.symbol)\($0.count)" }.joined()
    }
}

extension Structure {
    /// Whether the electrons had converged, where the source says so.
    public var isConverged: Bool? {
        get {
            switch information[Self.convergedKey] {
            case "T": true
            case "F": false
            default: nil
            }
        }
        set { information[Self.convergedKey] = newValue.map { $0 ? "T" : "F" } }
    }
    private static let convergedKey = "converged"

    /// The stress that is learned and compared: a structure has one where it repeats in all directions.
    public var labelledStress: Matrix3? { cell?.isFullyPeriodic == true ? stress : nil }
}
