/// How far atoms see each other: one distance, or one for every ordered pair of types. In Å.
public struct Cutoffs: Sendable, Equatable {
    /// `[receiver type][source type]`; a single row and column for one cutoff for all.
    public let matrix: [[Double]]
    public let longest: Double
    /// `[receiver type · typeCount + source type]` — cutoff².
    let squares: [Double]

    /// The same cutoff for all pairs.
    public init(_ cutoff: Double) { self.init(matrix: [[cutoff]]) }

    /// `matrix[t_i][t_j]` for an edge i ← j, as `per_edge_type_cutoff` of NequIP. Need not be symmetric.
    public init(matrix: [[Double]]) {
        precondition(!matrix.isEmpty, "expected a cutoff for at least one type, got none")
        for row in matrix {
            precondition(
                row.count == matrix.count,
                "expected \(matrix.count) × \(matrix.count) cutoffs, got a row of \(row.count)")
            precondition(row.allSatisfy { $0 >= 0 && $0.isFinite }, "expected cutoffs of at least 0 Å, got \(row)")
        }
        self.matrix = matrix
        longest = matrix.joined().max() ?? 0
        squares = matrix.joined().map { $0 * $0 }
    }

    public var typeCount: Int { matrix.count }

    /// `[receiver type · typeCount + source type]` — (cutoff + skin)².
    func squares(skin: Double) -> [Double] {
        matrix.joined().map { $0 == 0 ? 0 : ($0 + skin) * ($0 + skin) }
    }
}
