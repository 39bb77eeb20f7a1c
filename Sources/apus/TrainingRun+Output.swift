import Foundation
import Training

extension TrainingRun {
    /// Throws where the output folder holds a training that would be replaced.
    func refuseToReplace() throws {
        let existing = [checkpointPath, potentialPath].first(where: FileManager.default.fileExists)
        guard let existing else { return }
        throw CommandError(
            "\(existing) exists: go on with --resume, replace it with --overwrite, or choose another output")
    }
}
