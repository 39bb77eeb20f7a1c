import Atoms

/// How the labels of a file were computed, as its header says: what structures that are learned together must have in
/// common. What a header does not say is `nil`.
public struct Calculation: Sendable, Equatable, Codable {
    /// With its version, for example `VASP 6.3.0`.
    public var program: String?
    /// The exchange-correlation functional or method, as the program calls it: `PE`, `PBE`, `wB97X-D3`.
    public var functional: String?
    /// The dispersion correction, where there is one: `D3(BJ)`.
    public var dispersion: String?
    /// Of the plane waves, eV.
    public var cutoff: Double?
    /// The basis, where it is none of plane waves.
    public var basis: String?
    /// Divisions of the grid of k-points along the three vectors.
    public var kPointGrid: [Int]?
    /// By the symbol of the element.
    public var pseudopotentials: [String: String] = [:]
    public var isSpinPolarized: Bool?
    /// Anything else that decides energies, by the program's own names: smearing, Hubbard U, grids.
    public var others: [String: String] = [:]

    public init() {}

    /// The largest distance between k-points along the vectors of a cell, 2π/Å; `nil` without a grid.
    public func kPointSpacing(in cell: Cell) -> Double? {
        guard let grid = kPointGrid, grid.count == 3, grid.allSatisfy({ $0 > 0 }) else { return nil }
        let heights = cell.heights
        return (0..<3).map { 1 / (heights[$0] * Double(grid[$0])) }.max()
    }
}

/// Steps or structures of a file that are no structures of ours, and why.
public struct LeftOut: Sendable, Equatable, Codable {
    /// As the end of a sentence: `whose electrons have not converged`.
    public var reason: String
    public var count: Int
    /// The first of them, as their file numbers them.
    public var places: [String]

    public init(reason: String, count: Int, places: [String]) {
        self.reason = reason
        self.count = count
        self.places = places
    }
}
