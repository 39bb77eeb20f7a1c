import Foundation

/// The processors that this process may use.
public enum ProcessorCount {
    public static var active: Int { ProcessInfo.processInfo.activeProcessorCount }
}
