import Atoms

/// A file that takes one frame after the other.
///
/// Contract (tested for every implementation): a frame that was appended is in the file when `append` returns, and
/// stays there when the process is killed; a file that exists is never lost without being asked for.
public protocol TrajectoryWriter: AnyObject {
    /// - Throws: `TrajectoryError` when the frame does not fit to those before it or cannot be written.
    func append(_ frame: Frame) throws

    /// How far the file has come.
    var mark: FrameMark { get }

    /// Brings all frames to the disk, so that a checkpoint may refer to them.
    func synchronize() throws

    /// Ends the file. Nothing may be appended afterwards.
    func close() throws
}

/// What to do about a file that exists already.
public enum ExistingFile: Sendable, Equatable {
    /// Leave it alone and throw.
    case refuse
    /// Throw its content away.
    case overwrite
    /// Continue it behind the frame of this step: later frames, which a run left behind that was interrupted after its
    /// last checkpoint, are replaced. Starts a new file where there is none.
    case append(after: Int)
}
