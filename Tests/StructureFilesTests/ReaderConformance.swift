import Atoms
import Foundation
import TestSupport
import Testing

@testable import StructureFiles

/// What every format of structure files keeps to, held to a sample of each.
///
/// A new format adds its sample to `FormatSample.all`.
@Suite struct ReaderConformance {
    @Test func everyFormatHasASample() {
        #expect(
            Set(FormatSample.all.map(\.format)).union(FormatSample.others) == Set(StructureFormats.all.map(\.name)))
    }

    @Test(arguments: FormatSample.all)
    func theSampleIsReadAsItIsMeant(_ sample: FormatSample) throws {
        let folder = try TemporaryFolder()
        let path = try folder.file(sample.name, holding: sample.text)
        #expect(try StructureFormats.format(of: path)?.name == sample.format)
        #expect(try StructureFormats.readAll(path) == sample.structures)
        // By content alone, and with line ends of Windows.
        let other = try folder.file("data.txt", holding: sample.text.replacing("\n", with: "\r\n"))
        #expect(try StructureFormats.readAll(other) == sample.structures)
        let reader = try StructureFormats.open(path)
        #expect(try reader.rest().count == sample.structures.count)
        #expect(reader.census.frames == sample.structures.count)
        #expect(try reader.next() == nil)
    }

    @Test(arguments: FormatSample.all)
    func labelsAreLeftAsideForStructuresOnly(_ sample: FormatSample) throws {
        let folder = try TemporaryFolder()
        let path = try folder.file(sample.name, holding: sample.text)
        for (read, meant) in zip(try StructureFormats.readAll(path, use: .structureOnly), sample.structures) {
            #expect(read.energy == nil && read.forces == nil && read.stress == nil)
            #expect(read.positions == meant.positions && read.cell == meant.cell && read.elements == meant.elements)
        }
    }

    /// One bad file for each error: file and line are named, and every later call throws the same.
    @Test(arguments: FormatSample.all)
    func badFilesAreRefusedWithTheirPlace(_ sample: FormatSample) throws {
        let folder = try TemporaryFolder()
        for fault in sample.faults {
            #expect(sample.text.contains(fault.good), "\(fault.good)")
            let text = sample.text.replacingFirst(fault.good, with: fault.bad)
            let path = try folder.file(sample.name, holding: text)
            let reader = try StructureFormats.open(path)
            let error = try #require(throws: StructureFileError.self, "\(fault)") { _ = try reader.rest() }
            #expect(error.file == path)
            #expect(error.line == fault.line, "\(error)")
            #expect(error.message.contains(fault.words), "\(error)")
            #expect(throws: error) { _ = try reader.next() }
        }
    }

    /// Cut at every 97th byte, and at every 7th of a file compressed so: whole structures, or an error with its place.
    @Test(arguments: FormatSample.all)
    func aFileThatIsCutGivesWholeStructuresOrAnError(_ sample: FormatSample) throws {
        let folder = try TemporaryFolder()
        let bytes = Array(sample.text.utf8)
        for end in stride(from: 0, to: bytes.count, by: 97) {
            let path = folder.file(sample.name)
            try Data(bytes[..<end]).write(to: URL(filePath: path))
            try holds(path, sample, cutText: String(decoding: bytes[..<end], as: UTF8.self))
        }
    }

    private func holds(_ path: String, _ sample: FormatSample, cutText: String?) throws {
        var read: [Structure] = []
        do {
            let reader = try StructureFormats.open(path)
            while let structure = try reader.next() { read.append(structure) }
        } catch let error as StructureFileError {
            #expect(error.file == path)
            if let cutText, !cutText.isEmpty { #expect(error.line != nil, "\(error)") }
        }
        #expect(read.count <= sample.structures.count)
        for (index, (structure, meant)) in zip(read, sample.structures).enumerated() {
            // Of the last number of a text nobody can tell that it was cut, nor that velocities should have followed.
            let isLast = index == read.count - 1 && cutText != nil
            #expect(structure.elements == meant.elements && structure.cell == meant.cell)
            #expect(structure.energy == meant.energy)
            if !isLast { #expect(structure == meant) }
        }
    }

    @Test(arguments: FormatSample.all, Compression.allCases)
    func compressedFilesAreReadAndDamageIsFound(_ sample: FormatSample, _ compression: Compression) throws {
        let folder = try TemporaryFolder()
        let plain = try folder.file("plain", holding: sample.text)
        guard let bytes = try compression.compressed(plain) else { return }
        let path = folder.file(sample.name + compression.suffixes[0])
        func write(_ bytes: some Sequence<UInt8>) throws { try Data(bytes).write(to: URL(filePath: path)) }
        try write(bytes)
        #expect(try StructureFormats.format(of: path)?.name == sample.format)
        #expect(try StructureFormats.readAll(path) == sample.structures)
        for end in stride(from: 7, to: bytes.count, by: 7) {
            try write(bytes[..<end])
            let error = try #require(throws: StructureFileError.self) { _ = try StructureFormats.readAll(path) }
            #expect(error.file == path && error.message.contains(compression.rawValue), "\(error)")
        }
        // One byte of the compressed text: what is read is right, or an error; the checksum sees to that. (A byte of
        // the header may be the time.)
        for at in stride(from: bytes.count / 3, to: bytes.count, by: 11) {
            var damaged = bytes
            damaged[at] ^= 0x55
            try write(damaged)
            do {
                #expect(try StructureFormats.readAll(path) == sample.structures)
            } catch is StructureFileError {}
            // A part is not believed before the whole was seen.
            do {
                let reader = try StructureFormats.open(path)
                let first = try reader.next()
                try reader.verifyRest()
                #expect(first == sample.structures[0])
            } catch is StructureFileError {}
        }
        try write(bytes + [0, 0, 0, 0])
        #expect(try StructureFormats.readAll(path) == sample.structures)
        try write(bytes + Array("more".utf8))
        #expect(throws: StructureFileError.self) { _ = try StructureFormats.readAll(path) }
    }

    /// Streams one behind the other are one text, as `cat` makes it, and larger than any buffer.
    @Test(arguments: Compression.allCases)
    func streamsMayFollowEachOther(_ compression: Compression) throws {
        let folder = try TemporaryFolder()
        let sample = FormatSample.extendedXYZ
        let plain = try folder.file("plain", holding: String(repeating: sample.text, count: 20_000))
        guard let bytes = try compression.compressed(plain) else { return }
        let path = folder.file("many.xyz" + compression.suffixes[0])
        try Data(bytes + bytes).write(to: URL(filePath: path))
        let reader = try StructureFormats.open(path)
        var count = 0
        while let structure = try reader.next() {
            if structure != sample.structures[count % 2] { Issue.record("structure \(count)") }
            count += 1
        }
        #expect(count == 80_000)
    }

    @Test func unknownFilesAreRefusedByName() throws {
        let folder = try TemporaryFolder()
        for text in ["", "hello\nworld\n", "title\n1.0\n1 0 0\n"] {
            let path = try folder.file("notes.txt", holding: text)
            #expect(try StructureFormats.format(of: path) == nil)
            let error = try #require(throws: StructureFileError.self) { _ = try StructureFormats.open(path) }
            #expect(error.message.contains("extended XYZ") && error.message.contains("POSCAR"))
        }
    }
}

extension Compression {
    /// A file compressed by the program of that name; nil where this machine has none.
    func compressed(_ path: String) throws -> [UInt8]? {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [rawValue, "-c", "-q", path]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let bytes = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return process.terminationStatus == 0 ? Array(bytes) : nil
    }
}

extension String {
    func replacingFirst(_ old: String, with new: String) -> String {
        guard let range = range(of: old) else { return self }
        return replacingCharacters(in: range, with: new)
    }
}
