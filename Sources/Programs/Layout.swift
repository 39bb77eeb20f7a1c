/// How one row of a value is laid out: blocks of irreps, each `[component m][channel]` with channels innermost.
///
/// The channels of a *feature* row are padded to whole vectors. The padding of features and weights holds zeros; where
/// an operation leaves something else there (the slope of an activation at 0), it only ever meets such zeros. Rows of a
/// *plain* layout (edge vectors, harmonics, energies) are packed. Parity is not stored here: it decides which blocks
/// exist, not how they are computed.
public struct Layout: Hashable, Sendable {
    public struct Block: Hashable, Sendable {
        /// Degree; the block has 2l + 1 components.
        public var l: Int
        /// Channels that carry values.
        public var multiplicity: Int
        /// Position of the first channel of the first component in the row.
        public var offset: Int
        /// Distance between components: the multiplicity with its padding.
        public var stride: Int

        public var dimension: Int { 2 * l + 1 }
        /// Scalars that the block takes in a row, padding included.
        public var width: Int { dimension * stride }
    }

    public let blocks: [Block]
    /// Scalars in a row, padding included.
    public let width: Int

    /// The multiple to which channels are padded: one 512-bit vector of `Float`, two of `Double`.
    public static let channelAlignment = 16

    /// The number of channels with padding.
    public static func padded(_ channels: Int) -> Int {
        (channels + channelAlignment - 1) / channelAlignment * channelAlignment
    }

    /// A feature row: blocks of `(l, multiplicity)`, channels padded.
    public static func features(_ blocks: [(l: Int, multiplicity: Int)]) -> Layout {
        Layout(blocks.map { ($0.l, $0.multiplicity, padded($0.multiplicity)) })
    }

    /// A packed row of `width` scalars.
    public static func plain(_ width: Int) -> Layout { Layout([(0, width, width)]) }

    private init(_ blocks: [(l: Int, multiplicity: Int, stride: Int)]) {
        var offset = 0
        self.blocks = blocks.map { block in
            defer { offset += (2 * block.l + 1) * block.stride }
            return Block(l: block.l, multiplicity: block.multiplicity, offset: offset, stride: block.stride)
        }
        width = offset
    }

    /// Neighbouring blocks of scalars as one block with all their channels, padding included.
    public func joined(_ range: Range<Int>) -> Block {
        precondition(
            blocks[range].allSatisfy { $0.l == 0 }, "expected scalars to join, got degrees \(blocks[range].map(\.l))")
        return Block(
            l: 0, multiplicity: blocks[range].reduce(0) { $0 + $1.stride }, offset: blocks[range.lowerBound].offset,
            stride: blocks[range].reduce(0) { $0 + $1.stride })
    }

    /// The layout of some of the blocks, which must follow each other.
    public func slice(_ range: Range<Int>) -> Layout {
        Layout(blocks[range].map { ($0.l, $0.multiplicity, $0.stride) })
    }
}

/// What the rows of a value stand for. The counts are known when a program meets a graph, except for `fixed`.
public enum Axis: Hashable, Sendable {
    case fixed(Int)
    case atoms
    /// Atoms, and after them the ghosts of a host that holds some of the atoms only (`EdgeList.ghostCount`).
    case sources
    case structures
    case edges
    /// Edges and four rows more: radial weights evaluated on each edge, in the place of spline coefficients.
    case edgeKnots
}
