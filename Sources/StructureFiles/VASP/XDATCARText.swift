import Atoms
import Foundation

/// The configurations of an XDATCAR: no labels.
///
/// Where the cell moves, its head is repeated before each of them.
struct XDATCARText: RunText {
    static let step = "configuration"
    // Numbers are the last that stands in it.
    static let takesUnfinishedLine = true
    static let formatWithoutLabels: String? = "XDATCAR"

    private var elements: [Element]?
    private var lattice: Matrix3?
    private var read = 0

    mutating func take(_ lines: inout LineReader, into steps: inout RunSteps) throws {
        if steps.runs == 0 { steps.beginRun() }
        let text = lines.text
        let isTitle = text.hasPrefix("Direct configuration=")
        if isTitle || (elements != nil && lines.isBlank) {
            guard elements != nil else { throw FormatProblem("expected the head of an XDATCAR, found \"\(text)\"") }
            let number = isTitle ? lines.number(behind: "=").flatMap { Int(exactly: $0) } : nil
            return try readConfiguration(&lines, number, into: &steps)
        }
        try readHead(&lines)
    }

    mutating func end(into steps: inout RunSteps) throws {}

    private mutating func readHead(_ lines: inout LineReader) throws {
        func next(_ what: String) throws -> LineReader {
            guard try lines.advance() else { throw FormatProblem("expected \(what), found the end of the file") }
            return lines
        }
        let scale = try next("the scale factor").numbers()
        guard let scale, scale.count == 1, scale[0] != 0 else {
            throw FormatProblem("expected one scale factor, found \"\(lines.text)\"")
        }
        var rows: [SIMD3<Double>] = []
        for _ in 0..<3 {
            guard let row = try next("a lattice vector").triple() else {
                throw FormatProblem("expected a lattice vector, found \"\(lines.text)\"")
            }
            rows.append(row)
        }
        let vectors = Matrix3(rows[0], rows[1], rows[2])
        // A negative scale is the volume.
        lattice = vectors * (scale[0] > 0 ? scale[0] : cubeRoot(-scale[0] / abs(vectors.determinant)))
        let symbols = try next("the symbols of the species").words()
        let counts = try next("the number of atoms of each species").words().map { Int($0) ?? 0 }
        guard counts.count == symbols.count, counts.allSatisfy({ (1...10_000_000).contains($0) }) else {
            throw FormatProblem(
                "expected the number of atoms of each of \(symbols.count) species, found \"\(lines.text)\"")
        }
        elements = try zip(symbols, counts).flatMap { symbol, count in
            guard let element = Element(label: symbol) else {
                throw FormatProblem("expected the symbol of an element, found \"\(symbol)\"")
            }
            return Array(repeating: element, count: count)
        }
    }

    private mutating func readConfiguration(
        _ lines: inout LineReader, _ number: Int?, into steps: inout RunSteps
    ) throws {
        guard let elements, let lattice else { return }
        var places: [SIMD3<Double>] = []
        var step = RunStep(place: "\(number ?? read + 1)")
        step.needsEnergy = false
        while places.count < elements.count {
            guard try lines.advance() else {
                // An empty line may be the last one.
                if places.isEmpty, number == nil { return }
                step.isCut = true
                break
            }
            guard let place = lines.triple() else {
                step.flaw = "the position of atom \(places.count + 1) is no number (line \(lines.number))"
                break
            }
            places.append(place * lattice)
        }
        read += 1
        step.elements = elements
        step.positions = places.count == elements.count ? places : nil
        step.lattice = lattice
        step.information["configuration"] = step.place
        try steps.finish(step)
    }

    private func cubeRoot(_ x: Double) -> Double { cbrt(x) }
}
