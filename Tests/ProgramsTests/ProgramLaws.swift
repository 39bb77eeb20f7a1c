import Testing

@testable import Programs

/// What holds for every program, however it was made.
extension Program {
    /// Every value is defined once, before it is read, and no stage reads what a later one computes.
    func expectWellFormed() {
        var stage: [Value: Int] = [:]
        var last = 0
        for instruction in instructions {
            #expect(instruction.stage >= last, "stages follow each other")
            last = instruction.stage
            for operand in instruction.operands {
                #expect(stage[operand] != nil, "%\(operand.index) is read before it is computed")
                #expect(stage[operand, default: 0] <= instruction.stage)
            }
            for result in instruction.results { #expect(stage.updateValue(instruction.stage, forKey: result) == nil) }
        }
        for value in outputs.values { #expect(stage[value] != nil, "an output is not computed") }
        for value in inputs.values { #expect(stage[value] != nil, "an input is not there") }
    }

    /// Every result is an output or an operand of a later instruction.
    func expectAllIsRead() {
        let read = Set(instructions.flatMap(\.operands)).union(outputs.values)
        for instruction in instructions {
            for result in instruction.results {
                #expect(read.contains(result), "%\(result.index) = \(instruction.operation.name) is not read")
            }
        }
    }

    /// No two values whose lives overlap share memory: a value lives from the instruction that computes it to the last
    /// that reads it, an output to the end, and an input from the beginning of its stage to the end. Parts of the rows
    /// of a value live with it, inside it, and those that are put together beside each other.
    func expectNoOverlap(atoms: Int, structures: Int, edges: Int) {
        // Some ghosts.
        let size = Graph.Size(atoms: atoms, sources: atoms + 3, structures: structures, edges: edges)
        let placements = Placements(self, isStatic: staticValues)
        let plan = BufferPlan(self, placements, isStatic: staticValues, for: size)
        struct Life {
            var value: Int
            var time: ClosedRange<Int>
            var place: Range<Int>
        }
        for case (.concatenated, let instruction) in instructions.map({ ($0.operation, $0) }) {
            let whole = placements[instruction.results[0]]
            let columns = instruction.operands.filter { placements[$0].root == whole.root }.map {
                placements[$0].offset..<placements[$0].offset + shape(of: $0).layout.width
            }.sorted { $0.lowerBound < $1.lowerBound }
            for (a, b) in zip(columns, columns.dropFirst()) { #expect(a.upperBound <= b.lowerBound) }
        }
        var reads: [Value: Int] = [:]
        for (index, instruction) in instructions.enumerated() {
            for operand in instruction.storedOperands { reads[placements[operand].root] = index }
        }
        for value in outputs.values { reads[placements[value].root] = .max }
        var lives: [Life] = []
        var isPlaced: Set<Value> = []
        for (index, instruction) in instructions.enumerated() {
            for result in instruction.results {
                let offset = plan.offsets[result.index]
                guard offset >= 0 else {
                    var isInput = false
                    if case .input = instruction.operation { isInput = true }
                    let isGeometry = (isInput || instruction.operation.isGeometry) && reads[result] == nil
                    #expect(staticValues[result.index] || isGeometry, "%\(result.index) has no place")
                    continue
                }
                #expect(!staticValues[result.index])
                let (root, place) = (placements[result].root, placements[result])
                let shape = shape(of: root)
                #expect(offset == plan.offsets[root.index] + place.offset)
                #expect(place.stride == shape.layout.width)
                #expect(place.offset + self.shape(of: result).layout.width <= shape.layout.width)
                guard isPlaced.insert(root).inserted else { continue }
                var time = index...max(index, reads[root] ?? index)
                if case .input = instruction.operation {
                    time = instructions.firstIndex { $0.stage == instruction.stage }!...Int.max
                }
                lives.append(
                    Life(
                        value: root.index, time: time,
                        place: offset - place.offset..<offset - place.offset + size.rows(shape.axis)
                            * shape.layout.width))
            }
        }
        for (k, a) in lives.enumerated() {
            #expect(a.place.upperBound <= plan.size)
            for b in lives[(k + 1)...] where a.time.overlaps(b.time) && a.place.overlaps(b.place) {
                Issue.record(
                    "%\(a.value) and %\(b.value) share \(a.place.clamped(to: b.place)) while both are needed")
            }
        }
    }
}
