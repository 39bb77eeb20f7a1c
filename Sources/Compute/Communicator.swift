/// Several processes that work on one thing, each with a number, its rank.
///
/// Sums are the same bits on every rank.
public protocol Communicator: AnyObject, Sendable {
    var rank: Int { get }
    var size: Int { get }

    /// Replaces numbers by their sums over all ranks.
    func sum(_ numbers: UnsafeMutableBufferPointer<Float>)
    func sum(_ numbers: UnsafeMutableBufferPointer<Double>)
    /// Replaces numbers by those of rank 0.
    func broadcast(_ numbers: UnsafeMutableBufferPointer<Double>)
}

extension Communicator {
    public func sum<T: KernelScalar>(_ numbers: inout [T]) {
        numbers.withUnsafeMutableBytes { bytes in
            if T.self == Float.self {
                sum(bytes.bindMemory(to: Float.self))
            } else {
                sum(bytes.bindMemory(to: Double.self))
            }
        }
    }

    /// Replaces numbers by those of rank 0.
    public func broadcast(_ numbers: inout [Double]) { numbers.withUnsafeMutableBufferPointer { broadcast($0) } }

    /// What rank 0 says.
    public func agreed(_ isTrue: Bool) -> Bool {
        var number = isTrue ? 1.0 : 0
        withUnsafeMutablePointer(to: &number) { broadcast(UnsafeMutableBufferPointer(start: $0, count: 1)) }
        return number != 0
    }
}
