import Atoms
import Foundation

/// Reads the steps of a `_HIST.nc`: Hartree atomic units, stress positive in tension in the order xx yy zz yz xz xy.
///
/// It does not say whether the electrons have converged.
final class AbinitHistoryReader: RunStructureReader {
    let path: String
    let labels: LabelKeys
    private(set) var census = LabelCensus()
    private let file: ClassicNetCDF
    private let elements: [Element]
    private var steps: RunSteps
    private var step = 0
    private var failure: (any Error)?

    init(_ lines: LineReader, labels: LabelKeys, use: StructureUse) throws {
        path = lines.path
        self.labels = labels
        steps = RunSteps(path: lines.path, labels: labels, use: use)
        guard !lines.isCompressed else {
            throw StructureFileError(file: lines.path, message: "is compressed netCDF; decompress it first")
        }
        do {
            file = try ClassicNetCDF(Data(contentsOf: URL(filePath: lines.path), options: .mappedIfSafe))
            let charges = try file.numbers("znucl", rank: 1)
            elements = try file.numbers("typat", rank: 1).map { type in
                guard let index = Int(exactly: type), charges.indices.contains(index - 1),
                    let number = Int(exactly: charges[index - 1]), let element = Element(atomicNumber: number)
                else { throw FormatProblem("expected the atomic number of type \(type), found none") }
                return element
            }
        } catch let problem as FormatProblem {
            throw StructureFileError(file: lines.path, message: problem.message)
        }
        steps.beginRun()
        steps.method.code = "ABINIT"
    }

    var summary: RunSummary { steps.wholeSummary }
    var remarks: [String] { steps.remarks }

    func next() throws -> Structure? {
        if let failure { throw failure }
        do {
            while true {
                if let structure = steps.takeStructure() {
                    census.note(structure)
                    return structure
                }
                guard step < file.records else {
                    guard steps.summary.read > 0 else { throw FormatProblem(steps.nothing) }
                    return nil
                }
                try steps.finish(read(step))
                step += 1
            }
        } catch let problem as FormatProblem {
            failure = StructureFileError(file: path, frame: step + 1, message: problem.message)
            throw failure!
        } catch {
            failure = error
            throw error
        }
    }

    func verifyRest() throws { if let failure { throw failure } }

    private func read(_ record: Int) throws -> RunStep {
        var whole = RunStep(place: "\(record + 1)")
        let cell = try file.numbers("rprimd", rank: 3, record: record)
        guard cell.count == 9 else { throw FormatProblem("expected nine numbers of rprimd, found \(cell.count)") }
        let lattice = Matrix3(elements: cell) * Units.bohr
        whole.elements = elements
        whole.lattice = lattice
        whole.positions = try triples("xred", record).map { $0 * lattice }
        whole.forces = try triples("fcart", record).map { $0 * Units.hartreePerBohr }
        whole.energy = try file.numbers("etotal", rank: 1, record: record).first.map { $0 * Units.hartree }
        let s = try file.numbers("strten", rank: 2, record: record)
        guard s.count == 6 else { throw FormatProblem("expected six numbers of strten, found \(s.count)") }
        whole.stress =
            Matrix3(SIMD3(s[0], s[5], s[4]), SIMD3(s[5], s[1], s[3]), SIMD3(s[4], s[3], s[2]))
            * Units.hartreePerCubicBohr
        return whole
    }

    private func triples(_ name: String, _ record: Int) throws -> [SIMD3<Double>] {
        let numbers = try file.numbers(name, rank: 3, record: record)
        guard numbers.count == 3 * elements.count else {
            throw FormatProblem("expected \(3 * elements.count) numbers of \(name), found \(numbers.count)")
        }
        return elements.indices.map { SIMD3(numbers[3 * $0], numbers[3 * $0 + 1], numbers[3 * $0 + 2]) }
    }
}
