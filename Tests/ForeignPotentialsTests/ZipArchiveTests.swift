import Foundation
import Testing

@testable import ForeignPotentials

@Suite struct ZipArchiveTests {
    /// `a/one` stored ("hello"), `a/two` deflated (a hundred times "abcdefghij"), by Python's zipfile.
    static let archive = Data(
        base64Encoded: """
            UEsDBBQAAAAAAAAAIQCGphA2BQAAAAUAAAAFAAAAYS9vbmVoZWxsb1BLAwQUAAAACAAAACEAg6rnXBUAAADoAwAABQAAAGEv
            dHdvS0xKTklNS8/IzEocZY2yRlnDlAUAUEsBAhQDFAAAAAAAAAAhAIamEDYFAAAABQAAAAUAAAAAAAAAAAAAAIABAAAAAGEv
            b25lUEsBAhQDFAAAAAgAAAAhAIOq51wVAAAA6AMAAAUAAAAAAAAAAAAAAIABKAAAAGEvdHdvUEsFBgAAAAACAAIAZgAAAGAA
            AAAAAA==
            """, options: .ignoreUnknownCharacters)!

    @Test func membersAreWhatWasPacked() throws {
        let archive = try ZipArchive(Self.archive)
        #expect(Set(archive.names) == ["a/one", "a/two"])
        #expect(try archive.member("a/one") == Data("hello".utf8))
        #expect(try archive.member("a/two") == Data(String(repeating: "abcdefghij", count: 100).utf8))
        #expect(try archive.member("a/three") == nil)
    }

    /// Cut or with a changed byte an archive is refused, or gives the same, and nothing crashes.
    @Test func damageIsFound() throws {
        let whole = try ["a/one", "a/two"].map { try ZipArchive(Self.archive).member($0) }
        for count in 0..<Self.archive.count {
            #expect(throws: ForeignPotentialError.self) {
                let archive = try ZipArchive(Self.archive.prefix(count))
                for name in ["a/one", "a/two"] {
                    guard try archive.member(name) != nil else { throw ForeignPotentialError("missing") }
                }
            }
        }
        for place in 0..<Self.archive.count {
            var bytes = Self.archive
            bytes[place] ^= 0x41
            guard let archive = try? ZipArchive(bytes) else { continue }
            for (name, content) in zip(["a/one", "a/two"], whole) {
                guard let found = try? archive.member(name) else { continue }
                #expect(found == content)
            }
        }
    }
}
