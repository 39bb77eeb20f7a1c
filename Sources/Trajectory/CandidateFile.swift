import Atoms
import Foundation
import StructureFiles

/// Configurations that the members of a committee disagree about, set aside to be computed anew and trained on.
///
/// Extended XYZ with species, positions and cell; the deviations stand beside as `forces_deviation` (eV/Å, by atom) and
/// `energy_deviation` (eV). Energies and forces are left out, so that predictions cannot be taken for labels.
public final class CandidateFile: TrajectoryWriter {
    /// Which configurations are set aside.
    public struct Selection: Sendable {
        /// Bounds of the largest deviation of a force, eV/Å; above the upper one a configuration is taken for broken.
        public var bounds: ClosedRange<Double>
        /// How many at most, those of an earlier part of the run included.
        public var largestCount: Int

        public init(bounds: ClosedRange<Double>, largestCount: Int) {
            self.bounds = bounds
            self.largestCount = largestCount
        }
    }

    public let path: String
    /// Configurations in the file.
    public var count: Int { mark.frames }
    public var mark: FrameMark { trajectory.mark }
    private let selection: Selection
    private let trajectory: ExtendedXYZTrajectory

    /// - Throws: `TrajectoryError` when the file exists and `existing` is `.refuse`, or when it cannot be written.
    public init(_ path: String, _ selection: Selection, existing: ExistingFile = .refuse) throws {
        self.path = path
        self.selection = selection
        trajectory = try ExtendedXYZTrajectory(path, existing: existing)
    }

    /// Writes the frame if the committee disagrees so much about it, and the file is not full.
    public func append(_ frame: Frame) throws {
        guard count < selection.largestCount, let deviation = frame.structure.deviation,
            selection.bounds.contains(deviation.largestOfForces)
        else { return }
        var bare = Frame(structure: frame.structure, step: frame.step, time: frame.time)
        bare.temperature = frame.temperature
        bare.structure.energy = nil
        bare.structure.forces = nil
        bare.structure.stress = nil
        bare.structure.velocities = nil
        try trajectory.append(bare)
    }

    public func synchronize() throws { try trajectory.synchronize() }

    public func close() throws { try trajectory.close() }
}
