/// Where every value of a program lives in one block of memory.
///
/// Inputs keep their place; a value that is computed takes its place when it is written and
/// gives it back after the last instruction that reads it. Offsets are in scalars, aligned to vectors.
public struct BufferPlan: Sendable {
    /// By value; −1 for values without storage, which the graph holds: positions, strain, edge vectors and distances.
    public private(set) var offsets: [Int]
    public private(set) var size = 0

    /// For all values that are not static, on graphs of up to this size.
    public init(_ program: Program, _ placements: Placements, isStatic: [Bool], for graphs: Graph.Size) {
        offsets = Array(repeating: -1, count: program.shapes.count)
        func root(_ value: Program.Value) -> Int { placements[value].root.index }
        var lastUse = Array(repeating: -1, count: program.shapes.count)
        for (index, instruction) in program.instructions.enumerated() {
            for value in instruction.results { lastUse[root(value)] = max(lastUse[root(value)], index) }
            for value in instruction.storedOperands { lastUse[root(value)] = max(lastUse[root(value)], index) }
        }
        keepForRepetition(program, root: root, &lastUse)
        for value in program.outputs.values { lastUse[root(value)] = .max }
        var released: [Int: [Int]] = [:]
        var memory = FreeList()
        func count(_ value: Program.Value) -> Int {
            let shape = program.shapes[value.index]
            return Layout.padded(graphs.rows(shape.axis) * shape.layout.width)
        }
        // What the caller binds keeps its place from the beginning, because it may be bound before anything runs.
        for (index, instruction) in program.instructions.enumerated() where instruction.operation.isGiven {
            for value in instruction.results where !isStatic[value.index] {
                // An input that only the geometry stands for takes no memory.
                if case .input = instruction.operation, lastUse[value.index] == index { continue }
                offsets[value.index] = memory.take(count(value))
            }
        }
        for (index, instruction) in program.instructions.enumerated() {
            if !instruction.operation.isGiven {
                for value in instruction.results where !isStatic[value.index] {
                    // With the first of its parts the whole takes its place.
                    let root = placements[value].root
                    if instruction.operation.isGeometry, lastUse[root.index] == index { continue }
                    guard offsets[root.index] < 0 else { continue }
                    offsets[root.index] = memory.take(count(root))
                    if lastUse[root.index] != .max { released[lastUse[root.index], default: []].append(root.index) }
                }
            }
            for value in released[index] ?? [] { memory.giveBack(offsets[value], count(Program.Value(index: value))) }
        }
        size = memory.size
        for value in offsets.indices {
            let place = placements[Program.Value(index: value)]
            if place.root.index != value, offsets[place.root.index] >= 0 {
                offsets[value] = offsets[place.root.index] + place.offset
            }
        }
    }
}

/// What a stage that can run again reads of earlier ones lives to its end.
private func keepForRepetition(_ program: Program, root: (Program.Value) -> Int, _ lastUse: inout [Int]) {
    guard !program.repeatedStages.isEmpty else { return }
    var stage = [Int](repeating: 0, count: program.shapes.count)
    for instruction in program.instructions {
        for value in instruction.results { stage[root(value)] = instruction.stage }
    }
    for repeated in program.repeatedStages {
        guard let last = program.instructions.lastIndex(where: { $0.stage == repeated }) else { continue }
        for instruction in program.instructions where instruction.stage == repeated {
            for value in instruction.storedOperands where stage[root(value)] < repeated {
                lastUse[root(value)] = max(lastUse[root(value)], last)
            }
        }
    }
}

/// First-fit memory: holes sorted by offset.
private struct FreeList {
    private var holes: [(offset: Int, count: Int)] = []
    private(set) var size = 0

    mutating func take(_ count: Int) -> Int {
        guard count > 0 else { return 0 }
        if let index = holes.firstIndex(where: { $0.count >= count }) {
            let offset = holes[index].offset
            holes[index] = (offset + count, holes[index].count - count)
            if holes[index].count == 0 { holes.remove(at: index) }
            return offset
        }
        if let last = holes.last, last.offset + last.count == size {
            holes.removeLast()
            size = last.offset + count
            return last.offset
        }
        defer { size += count }
        return size
    }

    mutating func giveBack(_ offset: Int, _ count: Int) {
        guard count > 0 else { return }
        let index = holes.firstIndex { $0.offset > offset } ?? holes.endIndex
        holes.insert((offset, count), at: index)
        if index + 1 < holes.count, holes[index].offset + holes[index].count == holes[index + 1].offset {
            holes[index].count += holes[index + 1].count
            holes.remove(at: index + 1)
        }
        if index > 0, holes[index - 1].offset + holes[index - 1].count == holes[index].offset {
            holes[index - 1].count += holes[index].count
            holes.remove(at: index)
        }
    }
}
