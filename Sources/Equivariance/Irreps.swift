/// A direct sum of irreps with multiplicities, `32x0e+32x1o+16x2e`: the layout of a feature vector.
///
/// An ordered list of blocks; the same irrep may stand in several of them. A value, compared block by block.
public struct Irreps: Sendable, Hashable {
    /// `multiplicity` channels of one irrep.
    public struct Block: Sendable, Hashable, CustomStringConvertible {
        public let multiplicity: Int
        public let irrep: Irrep

        public init(_ multiplicity: Int, _ irrep: Irrep) {
            precondition(multiplicity >= 0, "expected a multiplicity of at least 0, got \(multiplicity)")
            self.multiplicity = multiplicity
            self.irrep = irrep
        }

        public var dimension: Int { multiplicity * irrep.dimension }
        public var description: String { "\(multiplicity)x\(irrep)" }
    }

    public private(set) var blocks: [Block]

    public init(_ blocks: [Block]) { self.blocks = blocks }

    /// The harmonics of degree 0 … `lMax` of a vector with this parity: odd (a true vector) gives `1x0e+1x1o+1x2e…`,
    /// even treats every degree as even, as SevenNet does.
    public static func sphericalHarmonics(lMax: Int, parity: Parity = .odd) -> Irreps {
        precondition(lMax >= 0, "expected a degree of at least 0, got \(lMax)")
        return Irreps((0...lMax).map { Block(1, Irrep(l: $0, parity: parity.power($0))) })
    }

    /// Number of components of the whole sum.
    public var dimension: Int { blocks.reduce(0) { $0 + $1.dimension } }

    /// Number of irreps, each counted with its multiplicity.
    public var channelCount: Int { blocks.reduce(0) { $0 + $1.multiplicity } }

    /// The highest degree; `nil` of an empty sum.
    public var lMax: Int? { blocks.map(\.irrep.l).max() }

    /// How often an irrep occurs, over all blocks.
    public func multiplicity(of irrep: Irrep) -> Int {
        blocks.reduce(0) { $0 + ($1.irrep == irrep ? $1.multiplicity : 0) }
    }

    /// Where each block lies in a feature vector of `dimension` components.
    public var ranges: [Range<Int>] {
        var end = 0
        return blocks.map { block in
            defer { end += block.dimension }
            return end..<end + block.dimension
        }
    }

    /// Neighbouring blocks of the same irrep joined, empty blocks left out.
    public var simplified: Irreps {
        var joined: [Block] = []
        for block in blocks where block.multiplicity > 0 {
            if let last = joined.last, last.irrep == block.irrep {
                joined[joined.count - 1] = Block(last.multiplicity + block.multiplicity, block.irrep)
            } else {
                joined.append(block)
            }
        }
        return Irreps(joined)
    }

    /// Blocks in torch-e3nn's order (by degree, odd before even); blocks of the same irrep keep their order.
    public var sorted: Irreps { Irreps(sortedOrder.map { blocks[$0] }) }

    /// The indices of `blocks` in the order of `sorted`.
    public var sortedOrder: [Int] {
        blocks.indices.sorted { (blocks[$0].irrep, $0) < (blocks[$1].irrep, $1) }
    }

    public static func + (a: Irreps, b: Irreps) -> Irreps { Irreps(a.blocks + b.blocks) }
    public static func += (a: inout Irreps, b: Irreps) { a.blocks += b.blocks }
}

extension Irreps: RandomAccessCollection {
    public var startIndex: Int { blocks.startIndex }
    public var endIndex: Int { blocks.endIndex }
    public subscript(index: Int) -> Block { blocks[index] }
}
