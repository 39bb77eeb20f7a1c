/// How far a file of frames has come: enough to know it again when a run goes on.
public struct FrameMark: Sendable, Equatable, Codable {
    /// Frames in the file.
    public var frames: Int
    /// Of the last of them; `nil` in a file without frames.
    public var step: Int?
    /// Of the last of them, eV, to the bit: runs from other velocities or with other noise have another one. `nil`
    /// where frames do not carry it.
    public var conservedEnergy: Double?

    public init(frames: Int = 0, step: Int? = nil, conservedEnergy: Double? = nil) {
        self.frames = frames
        self.step = step
        self.conservedEnergy = conservedEnergy
    }
}
