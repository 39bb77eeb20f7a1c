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
    /// that reads it, an output to the end, and an input from the beginning of its stage to the end.
    func expectNoOverlap(atoms: Int, structures: Int, edges: Int) {
        func rows(_ axis: Axis) -> Int {
            switch axis {
            case .fixed(let count): count
            case .atoms: atoms
            case .structures: structures
            case .edges: edges
            case .edgeKnots: edges + 4
            }
        }
        let plan = BufferPlan(self, isStatic: staticValues, rows: rows)
        struct Life {
            var value: Int
            var time: ClosedRange<Int>
            var place: Range<Int>
        }
        var reads: [Value: Int] = [:]
        for (index, instruction) in instructions.enumerated() {
            // Positions, strain, edge vectors and distances are read from the graph.
            let operands =
                switch instruction.operation {
                case .edgeVectors: instruction.operands[..<0]
                case .edgeFunction, .radialBasis, .edgeVirial, .edgeStrain: instruction.operands.dropFirst()
                default: instruction.operands[...]
                }
            for operand in operands { reads[operand] = index }
        }
        for value in outputs.values { reads[value] = .max }
        var lives: [Life] = []
        for (index, instruction) in instructions.enumerated() {
            for result in instruction.results {
                let offset = plan.offsets[result.index]
                guard offset >= 0 else {
                    let isGeometry =
                        switch instruction.operation {
                        case .input, .edgeVectors, .edgeFunction(.distance, .value): reads[result] == nil
                        default: false
                        }
                    #expect(staticValues[result.index] || isGeometry, "%\(result.index) has no place")
                    continue
                }
                #expect(!staticValues[result.index])
                let shape = shape(of: result)
                var time = index...max(index, reads[result] ?? index)
                if case .input = instruction.operation {
                    time = instructions.firstIndex { $0.stage == instruction.stage }!...Int.max
                }
                lives.append(
                    Life(
                        value: result.index, time: time,
                        place: offset..<offset + rows(shape.axis) * shape.layout.width))
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
