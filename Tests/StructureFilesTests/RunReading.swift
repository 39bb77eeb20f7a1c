import Atoms
import Foundation
import TestSupport
import Testing

@testable import StructureFiles

/// What outputs of programs leave out, whatever the program. `ReaderConformance` reads whole ones.
@Suite struct RunReading {
    /// How a program says that the electrons of its last step have not converged.
    struct Unconverged: Sendable, CustomTestStringConvertible {
        var sample: FormatSample
        var good: String
        var bad: String
        var testDescription: String { sample.format }
    }

    static let unconverged = [
        Unconverged(
            sample: .pwscf, good: "convergence has been achieved in   5 iterations",
            bad: "convergence NOT achieved after   5 iterations: stopping"),
        Unconverged(sample: .pwXML, good: "<convergence_achieved>true", bad: "<convergence_achieved>false"),
        Unconverged(
            sample: .aims, good: "Self-consistency cycle converged.", bad: "Self-consistency cycle not converged."),
        Unconverged(
            sample: .abinit, good: "At SCF step    6       vres2   =  3.88E-08 < tolvrs=  1.00E-06 =>converged.",
            bad: "nstep=   6 was not enough SCF cycles to converge;"),
        Unconverged(
            sample: .castep, good: "Final free energy (E-TS)    =  -10.75000000     eV",
            bad:
                "*Warning* max. SCF cycles performed but system has not reached the groundstate.\nFinal free energy (E-TS)    =  -10.75000000     eV"
        ),
        Unconverged(
            sample: .siesta, good: "SCF cycle converged after   12 iterations",
            bad: "SCF_NOT_CONV: SCF did not converge"),
        Unconverged(
            sample: .cp2k, good: "*** SCF run converged in    47 steps ***",
            bad: "*** WARNING in qs_scf.F:542 :: SCF run NOT converged ***"),
    ]

    /// Left out, counted and named; or kept, with its labels and a mark.
    @Test(arguments: unconverged)
    func stepsThatHaveNotConvergedAreLeftOutOrMarked(_ one: Unconverged) throws {
        let folder = try TemporaryFolder()
        // The output of the XML repeats the step before it.
        let options: String.CompareOptions = one.sample.format == "Quantum ESPRESSO XML" ? [] : .backwards
        let range = try #require(one.sample.text.range(of: one.good, options: options))
        let path = try folder.file(
            one.sample.name, holding: one.sample.text.replacingCharacters(in: range, with: one.bad))
        let reader = try #require(try StructureFormats.open(path) as? any RunStructureReader)
        let left = (try? reader.rest()) ?? []
        #expect(left.count < one.sample.structures.count)
        #expect(reader.summary.leftOut.contains { $0.reason == "unconverged" && $0.steps.count == 1 })
        #expect(reader.remarks.contains { $0.contains("whose electrons have not converged: step") })
        var labels = LabelKeys()
        labels.keepsUnconverged = true
        let kept = try StructureFormats.open(path, labels: labels)
        let structures = try kept.rest()
        #expect(structures.count == one.sample.structures.count)
        #expect(structures.filter { $0.isConverged == false }.count == 1)
        #expect(structures.map(\.energy) == one.sample.structures.map(\.energy))
    }

    /// What was appended to a file is another run.
    @Test(arguments: FormatSample.runs.filter { $0.format != "Quantum ESPRESSO XML" })
    func runsBehindEachOtherAreSeveralRuns(_ sample: FormatSample) throws {
        let folder = try TemporaryFolder()
        let path = try folder.file(sample.name, holding: sample.text + sample.text)
        #expect(try StructureFormats.readAll(path) == sample.structures + sample.structures)
    }

    /// A number without room is asterisks; its step is none, and nothing takes its place.
    @Test(arguments: [
        (FormatSample.pwscf, "-11.75000000 Ry", "************ Ry"),
        (.pwscf, "0.50000000    0.00000000   -0.5", "**********    0.00000000   -0.5"),
        (.pwscf, "0.06250000   0.25", "NaN   0.25"), (.pwXML, "<etot>-5.5", "<etot>NaN"),
        (.aims, "-0.107500000000000E+02", "*********************"),
        (.aims, "-0.50000000      ", "************      "),
        (.abinit, "-9.50000000000000E+00", "********************"),
        (.cp2k, "-17.500000000000000", "*******************"),
        (.cp2k, "0.12500000     0.0", "**********     0.0"), (.castep, "-10.75000000", "************"),
        (.siesta, "-0.250000    0.000000", "*********    0.000000"),
    ])
    func aNumberThatIsNoneLeavesItsStepOut(_ sample: FormatSample, _ good: String, _ bad: String) throws {
        let folder = try TemporaryFolder()
        let range = try #require(sample.text.range(of: good, options: .backwards))
        let path = try folder.file(sample.name, holding: sample.text.replacingCharacters(in: range, with: bad))
        let reader = try StructureFormats.open(path)
        let read = (try? reader.rest()) ?? []
        // The XML holds its step twice.
        #expect(read.count == sample.structures.count - (sample.format == "Quantum ESPRESSO XML" ? 0 : 1))
        #expect(reader.remarks.contains { $0.contains("numbers that are none: step") }, "\(reader.remarks)")
        #expect(read.allSatisfy { structure in sample.structures.contains { $0.energy == structure.energy } })
    }

    /// Bytes changed, removed or put twice at random: an answer or an error, and never a crash.
    @Test(arguments: FormatSample.all)
    func mutatedFilesAreReadOrRefused(_ sample: FormatSample) throws {
        let folder = try TemporaryFolder()
        var random = SplitMix(seed: 17)
        let bytes = Array(sample.text.utf8)
        for _ in 0..<200 {
            let path = folder.file(sample.name)
            try Data(Self.mutated(bytes, &random)).write(to: URL(filePath: path))
            do {
                for structure in try StructureFormats.readAll(path) {
                    #expect(structure.positions.count == structure.elements.count)
                    #expect(structure.energy?.isFinite != false)
                    #expect(structure.forces?.allSatisfy { dot($0, $0).isFinite } != false)
                }
            } catch is StructureFileError {}
        }
    }

    static func mutated(_ bytes: [UInt8], _ random: inout SplitMix) -> [UInt8] {
        var bytes = bytes
        for _ in 0...Int.random(in: 0..<4, using: &random) where !bytes.isEmpty {
            let at = Int.random(in: 0..<bytes.count, using: &random)
            let end = min(bytes.count, at + Int.random(in: 1..<200, using: &random))
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes[at] = Array("0123456789.-*E \n".utf8).randomElement(using: &random)!
            case 2: bytes.removeSubrange(at..<end)
            case 3: bytes.insert(contentsOf: bytes[at..<end], at: at)
            case 4: bytes.removeSubrange(end...)
            default: bytes.insert(contentsOf: Array("99999999999999999999".utf8), at: at)
            }
        }
        return bytes
    }

    /// Steele, Lea and Flood (2014).
    struct SplitMix: RandomNumberGenerator {
        var state: UInt64
        init(seed: UInt64) { state = seed }
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    /// A tar archive of one file, also compressed, is that file; of several it is refused.
    @Test func archivesOfOneFileAreRead() throws {
        let folder = try TemporaryFolder()
        _ = try folder.file("OUTCAR", holding: FormatSample.outcar.text)
        _ = try folder.file("other", holding: "x\n")
        func tar(_ arguments: [String]) throws -> Bool {
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = ["tar", "-C", folder.file("")] + arguments
            try process.run()
            process.waitUntilExit()
            return process.terminationStatus == 0
        }
        for options in ["-cf", "-czf"] {
            let path = folder.file("archive" + options)
            guard try tar([options, path, "OUTCAR"]) else { return }
            #expect(try StructureFormats.readAll(path) == FormatSample.outcar.structures)
            try #require(try tar([options, path, "OUTCAR", "other"]))
            let error = #expect(throws: StructureFileError.self) { _ = try StructureFormats.readAll(path) }
            #expect(error?.message.contains("more than one file") == true)
        }
    }
}

/// Numbers as Fortran prints them.
@Suite struct FortranNumberReading {
    private func parse(_ text: String) -> [Double]? {
        let bytes = Array(text.utf8)
        return FortranNumbers.parse(bytes.span, 0..<bytes.count)
    }

    @Test(arguments: [
        ("1.5 -2.25", [1.5, -2.25]), ("-96.7326-100.1234", [-96.7326, -100.1234]), ("1.0D+01-2.5E-01", [10, -0.25]),
        ("0.1250-100", [1.25e-101]), ("0.1250+100 2", [1.25e99, 2]), ("-0.5-100-0.5-100", [-5e-101, -5e-101]),
        ("12-100", [12, -100]), ("0.5-100.25", [0.5, -100.25]), ("0.5-1000", [0.5, -1000]), ("", []),
    ])
    func numbersThatRunTogetherAreRead(_ text: String, _ numbers: [Double]) {
        let read = parse(text)
        #expect(read?.count == numbers.count)
        for (a, b) in zip(read ?? [], numbers) { #expect(abs(a - b) <= 1e-15 * abs(b)) }
    }

    @Test(arguments: ["********", "1.0 ****", "1.0+2", "1.2.3", "x", "1.0-*****"])
    func whatIsNoNumberIsNone(_ text: String) { #expect(parse(text) == nil) }
}
