/// What structures are read for.
public enum StructureUse: Sendable {
    /// Training and testing: labels are read, and must be finite numbers.
    case labels
    /// Starting a simulation or an evaluation: energy, forces and stress in the file are left aside, whatever
    /// they are. Velocities and masses are read.
    case structureOnly
}
