/// The coordinate x = r/r_c of an edge, with one cutoff or one for every pair of species (receiver, source).
public struct RadialCoordinate: Hashable, Sendable {
    public var rMax: Double
    /// `[receiver species][source species]` in Å, or empty when `rMax` serves all.
    public var pairCutoffs: [[Double]]

    public init(rMax: Double, pairCutoffs: [[Double]] = []) {
        self.rMax = rMax
        self.pairCutoffs = pairCutoffs
    }
}
