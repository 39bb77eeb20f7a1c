/// An interaction that can tell where its time and its memory go.
public protocol ProfiledInteraction: AnyObject {
    /// Whether seconds are counted.
    var isProfiling: Bool { get set }
    /// Seconds spent in each instruction since profiling was switched on, with the instruction's name.
    var profile: [(name: String, seconds: Double)] { get }
    /// What its values take in memory.
    var memoryBytes: Int { get }
}
