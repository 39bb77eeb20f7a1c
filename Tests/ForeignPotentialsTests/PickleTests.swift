import Foundation
import Testing

@testable import ForeignPotentials

/// Pickles byte by byte, as Python writes them.
@Suite struct PickleTests {
    private func read(_ bytes: [UInt8], allowing names: Set<PickleName> = TorchFile.names) throws -> PickleValue {
        let document = try PickleReader.read(Data(bytes), allowing: names)
        defer { Self.kept.append(document) }
        return document.content
    }

    nonisolated(unsafe) private static var kept: [PickleDocument] = []

    /// `pickle.dumps({"a": [1, -2.5, None, True, 300, 70000, 2**40, -3]}, protocol=2)`
    @Test func valuesAreThoseThatPythonWrote() throws {
        let bytes = Array(
            Data(
                base64Encoded:
                    "gAJ9cQBYAQAAAGFxAV1xAihLAUfABAAAAAAAAE6ITSwBSnARAQCKBgAAAAAAAUr9////ZXMu")!)
        let items = try read(bytes).dictionary?["a"]?.items
        #expect(items?.count == 8)
        #expect(items?[0].integer == 1 && items?[1].number == -2.5 && items?[2].isNone == true)
        #expect(items?[3].boolean == true && items?[4].integer == 300 && items?[5].integer == 70000)
        #expect(items?[6].integer == 1 << 40 && items?[7].integer == -3)
    }

    /// A call of `os.system`, which every careless reader would make.
    @Test func callsAreNotMade() {
        let bytes = Array("cos\nsystem\n(S'touch /tmp/never'\ntR.".utf8)
        #expect(throws: ForeignPotentialError.self) { try read(bytes) }
        let error = #expect(throws: ForeignPotentialError.self) {
            try read(Array("cos\nsystem\n.".utf8))
        }
        #expect(error?.message.contains("os.system") == true)
    }

    @Test func whatIsKnownStaysAName() throws {
        let value = try read(Array("ctorch\ndevice\n(X".utf8) + [3, 0, 0, 0] + Array("cputR.".utf8))
        guard case .object(let object) = value else { throw ForeignPotentialError("expected an object") }
        #expect(object.maker.description == "torch.device" && object.arguments.first?.text == "cpu")
    }

    /// Every beginning of a pickle is refused, and nothing crashes.
    @Test func cutsAreRefused() throws {
        let bytes = Array(
            Data(base64Encoded: "gAJ9cQBYAQAAAGFxAV1xAihLAUfABAAAAAAAAE6ITSwBSnARAQCKBgAAAAAAAUr9////ZXMu")!)
        for count in 0..<bytes.count {
            #expect(throws: ForeignPotentialError.self) { try read(Array(bytes.prefix(count))) }
        }
    }

    /// Containers in containers a million deep are read and released.
    @Test func depthHasNoLimit() throws {
        let depth = 1_000_000
        let document = try PickleReader.read(
            Data(
                [0x80, 2] + Array(repeating: UInt8(ascii: ")"), count: 1) + Array(repeating: 0x85, count: depth) + [
                    UInt8(ascii: ".")
                ]),
            allowing: [])
        #expect(document.content.items?.count == 1)
    }
}
