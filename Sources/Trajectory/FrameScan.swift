import Atoms
import Files

/// What a file holds of a run up to a step: what there is to be continued.
public struct FrameScan: Sendable {
    /// The last whole frame up to the step.
    public var mark = FrameMark()
    /// Why the file could not be read behind the last whole frame, if so.
    public var problem: String?
    /// Bytes of the file up to the end of that frame.
    var end = 0
}

extension AppendedFile {
    /// Opens a file that grows by whole frames; `end` bytes stay of one that is continued.
    static func opening(_ path: String, _ existing: ExistingFile, kept end: Int) throws -> AppendedFile {
        try TrajectoryError.translating(path) {
            switch existing {
            case .refuse: try AppendedFile(path, existing: .refuse)
            case .overwrite: try AppendedFile(path, existing: .replace)
            case .append: try AppendedFile(path, existing: .keep(bytes: end))
            }
        }
    }
}
