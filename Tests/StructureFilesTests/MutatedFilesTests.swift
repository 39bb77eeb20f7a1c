import Foundation
import TestSupport
import Testing

@testable import StructureFiles

/// Damaged files of every format are read, or refused with a message, and cost no more memory than they may: ten times
/// the text and 64 MB.
///
/// `APUS_MUTATIONS` says how many (a thousand otherwise), `APUS_MUTATION_FILES` a folder with further files to damage.
/// Formats that HDF5 and SQLite read are damaged in child processes (test_structure_formats.py).
@Suite struct MutatedFilesTests {
    struct Original: Sendable {
        var name: String
        var bytes: [UInt8]
    }

    /// Samples, recorded files, files of programs, and those of the folder; decompressed.
    private static func originals() throws -> [Original] {
        var labels: [Original] = FormatSample.all.map { Original(name: $0.name, bytes: Array($0.text.utf8)) }
        let data = Bundle.module.resourceURL!.appending(path: "Data").path
        let further = ProcessInfo.processInfo.environment["APUS_MUTATION_FILES"].map { [$0] } ?? []
        for folder in ["formats", "ABINIT", "CP2K", "QuantumEspresso"].map({ "\(data)/\($0)" }) + further {
            let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
            for name in names.sorted() where !name.hasSuffix(".json") || name.hasPrefix("pymatgen") {
                let path = "\(folder)/\(name)"
                var isFolder: ObjCBool = false
                guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue,
                    !name.contains(".expected."), !name.hasSuffix(".md"), let bytes = text(of: path),
                    bytes.count < 200_000, !isRead(byLibraries: bytes)
                else { continue }
                labels.append(Original(name: (name as NSString).lastPathComponent, bytes: bytes))
            }
        }
        return labels
    }

    private static func text(of path: String) -> [UInt8]? {
        guard let (source, compression) = try? Compression.open(path), compression != nil else {
            return FileManager.default.contents(atPath: path).map(Array.init)
        }
        var (all, part) = ([UInt8](), [UInt8](repeating: 0, count: 1 << 16))
        while let count = try? part.withUnsafeMutableBytes({ try source.read(into: $0) }), count > 0 {
            all += part[..<count]
        }
        return all
    }

    private static func isRead(byLibraries bytes: [UInt8]) -> Bool {
        bytes.starts(with: Array("SQLite format 3".utf8)) || bytes.starts(with: [0x89] + Array("HDF".utf8))
    }

    /// Bytes of memory that were used at most.
    private static var peak: Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss * 1024
    }

    @Test func damagedFilesAreReadOrRefusedInLittleMemory() throws {
        let originals = try Self.originals()
        #expect(originals.count > 30)
        let count = ProcessInfo.processInfo.environment["APUS_MUTATIONS"].flatMap { Int($0) } ?? 1000
        let folder = try TemporaryFolder()
        var (read, refused) = (0, 0)
        var slowest = (seconds: 0.0, place: "")
        for number in 0..<count {
            let original = originals[number % originals.count]
            var mutation = FileMutation(seed: UInt64(number))
            let bytes = mutation.mutated(original.bytes, with: originals.map(\.bytes))
            let path = folder.file(original.name.replacing(".gz", with: ""))
            try Data(bytes).write(to: URL(filePath: path))
            let (before, start) = (Self.peak, ContinuousClock.now)
            do {
                var labels = LabelKeys()
                labels.unstated = try UnstatedFacts(elements: "Si,O", units: "metal")
                let reader = try StructureFormats.open(path, labels: labels)
                while let structure = try reader.next() {
                    #expect(structure.positions.allSatisfy { $0.x.isFinite && $0.y.isFinite && $0.z.isFinite })
                    #expect(structure.energy?.isFinite != false)
                }
                read += 1
            } catch let error as StructureFileError {
                refused += 1
                #expect(!error.message.isEmpty)
            } catch {
                Issue.record("mutation \(number) of \(original.name): \(type(of: error)) \(error)")
            }
            let more = Self.peak - before
            if more > 10 * bytes.count + 64 * 1_000_000 {
                Issue.record("mutation \(number) of \(original.name): \(more) bytes of memory for \(bytes.count)")
            }
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            if seconds > slowest.seconds { slowest = (seconds, "mutation \(number) of \(original.name)") }
            if number % 10_000 == 9999 || number == count - 1 {
                print(
                    "mutated files: \(number + 1) of \(originals.count) originals, \(read) read, \(refused) refused, "
                        + "peak \(Self.peak >> 20) MB, slowest \(slowest.place)")
            }
            try? FileManager.default.removeItem(atPath: path)
        }
        #expect(read > 0 && refused > 0)
        #expect(slowest.seconds < 20, "\(slowest)")
    }
}
