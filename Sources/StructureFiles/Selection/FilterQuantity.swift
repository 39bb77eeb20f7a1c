import Atoms

/// What can be asked of every structure by name.
enum FilterQuantity: String, CaseIterable {
    case natoms
    /// eV
    case energy
    case energyPerAtom = "energy_per_atom"
    /// eV/Å: the largest norm of a force, and the root mean square of components.
    case fmax, frms
    /// Å³
    case volume
    case volumePerAtom = "volume_per_atom"
    /// g/cm³
    case density
    /// GPa, −tr σ / 3.
    case pressure
    /// GPa: the largest component of the stress, without its sign.
    case smax
    /// e
    case charge
    case nelements, formula, converged, periodic
    /// In its file, from 1.
    case frame
    case file

    func value(in context: FilterContext) -> FilterValue {
        let structure = context.structure
        let atoms = Double(structure.count)
        // A box of something that does not repeat has no volume of its own.
        let volume = structure.cell.flatMap { $0.isFullyPeriodic ? $0.volume : nil }
        switch self {
        case .natoms: return .number(atoms)
        case .energy: return FilterValue(structure.energy)
        case .energyPerAtom: return FilterValue(structure.energy.map { $0 / atoms })
        case .fmax: return FilterValue(structure.forces.flatMap { $0.map { norm($0) }.max() })
        case .frms:
            return FilterValue(
                structure.forces.map { ($0.reduce(0) { $0 + dot($1, $1) } / (3 * atoms)).squareRoot() })
        case .volume: return FilterValue(volume)
        case .volumePerAtom: return FilterValue(volume.map { $0 / atoms })
        case .density:
            // 1 amu/Å³ = 1.66053906660 g/cm³ (CODATA 2018).
            let mass = structure.elements.reduce(0) { $0 + $1.mass }
            return FilterValue(volume.map { 1.66053906660 * mass / $0 })
        case .pressure: return FilterValue(structure.stress.map { -$0.trace / 3 * Units.gigapascal })
        case .smax:
            return FilterValue(structure.stress.flatMap { $0.elements.map { abs($0) * Units.gigapascal }.max() })
        case .charge: return FilterValue(structure.totalCharge)
        case .nelements: return .number(Double(Set(structure.elements).count))
        case .formula: return .text(structure.formula)
        case .converged: return structure.isConverged.map { .truth($0) } ?? .unknown
        case .periodic: return .truth(structure.cell?.isFullyPeriodic ?? false)
        case .frame: return .number(Double(context.frame))
        case .file: return .text(context.file)
        }
    }
}

/// A value of an expression.
enum FilterValue: Equatable {
    case number(Double)
    case text(String)
    case truth(Bool)
    /// What the structure does not have.
    case unknown

    init(_ number: Double?) { self = number.map { .number($0) } ?? .unknown }
}
