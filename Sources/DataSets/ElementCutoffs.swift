import Atoms
import Neighbors

/// How far atoms of one element see those of another: r_max, or less for some pairs. In Å.
public struct ElementCutoffs: Sendable, Equatable, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
    public let longest: Double
    /// By receiver and source, where it is shorter.
    private var shorter: [Element: [Element: Double]] = [:]
    /// By receiver, towards sources that `shorter` does not name.
    private var ofReceivers: [Element: Double] = [:]

    public init(_ cutoff: Double) { longest = cutoff }
    public init(floatLiteral cutoff: Double) { self.init(cutoff) }
    public init(integerLiteral cutoff: Int) { self.init(Double(cutoff)) }

    /// `matrix[receiver][source]` of some elements; empty where one cutoff serves all.
    public init(_ cutoff: Double, _ matrix: [[Double]], of elements: [Element]) {
        longest = cutoff
        for (receiver, row) in zip(elements, matrix) {
            shorter[receiver] = Dictionary(uniqueKeysWithValues: zip(elements, row))
        }
    }

    public subscript(receiver: Element, source: Element) -> Double {
        shorter[receiver]?[source] ?? ofReceivers[receiver] ?? longest
    }

    /// Sets the cutoff of a receiver towards all sources that have none of their own.
    mutating func set(_ cutoff: Double, for receiver: Element) { ofReceivers[receiver] = cutoff }

    /// How many of the edges within `longest` are seen.
    func count(of edges: EdgeList, between elements: [Element]) -> Int {
        guard !shorter.isEmpty || !ofReceivers.isEmpty else { return edges.count }
        return (0..<edges.count).count { edge in
            let cutoff = self[elements[Int(edges.receivers[edge])], elements[Int(edges.sources[edge])]]
            return norm(SIMD3(edges.x[edge], edges.y[edge], edges.z[edge])) < cutoff
        }
    }
}
