/// Which values are parts of the rows of others, so that nothing need be copied to take rows apart or to put them
/// together.
///
/// Rows of atoms are the first rows of atoms and ghosts. A slice is a view of what it is taken from, if all its readers
/// can step from row to row by another stride than its own width; what is concatenated is written where it belongs, if
/// its producer can.
public struct Placements: Sendable {
    public struct Place: Hashable, Sendable {
        /// The value whose memory this is.
        public var root: Program.Value
        /// Position in a row of the root.
        public var offset: Int
        /// Distance between rows.
        public var stride: Int
    }

    /// By value.
    private(set) var places: [Place]

    public subscript(value: Program.Value) -> Place { places[value.index] }

    public init(_ program: Program, isStatic: [Bool]) {
        places = program.shapes.indices.map {
            Place(root: Program.Value(index: $0), offset: 0, stride: program.shapes[$0].layout.width)
        }
        var readers = [[Operation]](repeating: [], count: program.shapes.count)
        var producers = [Operation?](repeating: nil, count: program.shapes.count)
        for instruction in program.instructions {
            for operand in instruction.operands { readers[operand.index].append(instruction.operation) }
            for result in instruction.results { producers[result.index] = instruction.operation }
        }
        for output in program.outputs.values { readers[output.index].append(.sum) }
        // The rows of atoms are the first of those of atoms and ghosts.
        for instruction in program.instructions {
            let result = instruction.results[0]
            guard let x = instruction.operands.first, readers[x.index].count == 1, !isStatic[x.index] else {
                continue
            }
            switch instruction.operation {
            case .fillGhosts where producers[x.index]?.isGiven == false: places[x.index] = places[result.index]
            case .addGhosts where producers[x.index]?.isGiven == false: places[result.index] = places[x.index]
            default: break
            }
        }
        // From the last on, so that parts of parts find their place.
        for instruction in program.instructions.reversed() {
            guard case .concatenated = instruction.operation else { continue }
            let result = instruction.results[0]
            var offset = 0
            for part in instruction.operands {
                defer { offset += program.shapes[part.index].layout.width }
                guard readers[part.index].count == 1, !isStatic[part.index], !isStatic[result.index],
                    producers[part.index]?.writesStridedRows ?? false
                else { continue }
                places[part.index] = places[result.index].part(at: offset)
            }
        }
        for instruction in program.instructions {
            guard case .slice(let blocks) = instruction.operation else { continue }
            let (whole, result) = (instruction.operands[0], instruction.results[0])
            guard !isStatic[whole.index], readers[result.index].allSatisfy(\.readsStridedRows) else { continue }
            places[result.index] = places[whole.index].part(
                at: program.shapes[whole.index].layout.blocks[blocks.lowerBound].offset)
        }
    }
}

extension Placements.Place {
    fileprivate func part(at offset: Int) -> Placements.Place {
        .init(root: root, offset: self.offset + offset, stride: stride)
    }
}

extension Operation {
    fileprivate var readsStridedRows: Bool {
        switch self {
        case .product, .pointwise, .concatenated: true
        default: false
        }
    }

    fileprivate var writesStridedRows: Bool {
        switch self {
        case .product, .concatenated: true
        default: false
        }
    }
}
