import Files

/// A structure file that cannot be read or written, and where: the message says what was expected, what was found
/// and what to do.
///
/// Prints as `FILE: line 12 (frame 3): expected …, found …; what to do`. Frames and lines are counted from 1.
public struct StructureFileError: Error, Sendable, Equatable, CustomStringConvertible {
    public let file: String
    public let frame: Int?
    public let line: Int?
    public let message: String

    public init(file: String, frame: Int? = nil, line: Int? = nil, message: String) {
        self.file = file
        self.frame = frame
        self.line = line
        // It may repeat what stands in the file.
        self.message = Excerpt.of(message, limit: 1000)
    }

    public var description: String {
        let file = Excerpt.of(file, limit: 1000)
        return switch (line, frame) {
        case (let line?, let frame?): "\(file): line \(line) (frame \(frame)): \(message)"
        case (let line?, nil): "\(file): line \(line): \(message)"
        case (nil, let frame?): "\(file): frame \(frame): \(message)"
        case (nil, nil): "\(file): \(message)"
        }
    }
}
