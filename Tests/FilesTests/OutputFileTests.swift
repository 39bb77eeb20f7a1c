import Foundation
import TestSupport
import Testing

@testable import Files

@Suite struct OutputFileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func content(_ name: String) -> String? {
        try? String(contentsOfFile: folder.file(name), encoding: .utf8)
    }

    @Test func writesWholeOrNotAtAll() throws {
        let path = folder.file("a.txt")
        try OutputFile.write("old", to: path)
        let file = try OutputFile(path)
        try file.write("new")
        #expect(content("a.txt") == "old")
        try file.close()
        #expect(content("a.txt") == "new")
        do {
            let abandoned = try OutputFile(path)
            try abandoned.write("half")
        }
        #expect(content("a.txt") == "new")
        #expect(folder.names == ["a.txt"])
    }

    @Test func refusesWhatAppearsMeanwhile() throws {
        let path = folder.file("a.txt")
        let file = try OutputFile(path, existing: .refuse)
        try file.write("mine")
        try OutputFile.write("theirs", to: path)
        let error = #expect(throws: OutputError.self) { try file.close() }
        #expect(error?.code == .exists)
        #expect(content("a.txt") == "theirs")
        #expect(folder.names == ["a.txt"])
        #expect(throws: OutputError.self) { try OutputFile(path, existing: .refuse) }
    }

    @Test func followsLinks() throws {
        try FileManager.default.createDirectory(atPath: folder.file("far"), withIntermediateDirectories: true)
        symlink("far/a.txt", folder.file("a.txt"))
        symlink("far", folder.file("near"))
        try OutputFile.write("one", to: folder.file("a.txt"))
        #expect(content("far/a.txt") == "one")
        try OutputFile.write("two", to: folder.file("a.txt"))
        #expect(content("far/a.txt") == "two")
        #expect((try? FileManager.default.destinationOfSymbolicLink(atPath: folder.file("a.txt"))) == "far/a.txt")
        #expect(FilePath.resolved(folder.file("near/new/b")) == FilePath.resolved(folder.file("far/./new/b")))
    }

    @Test func refusesPipesFoldersAndDevices() throws {
        mkfifo(folder.file("pipe"), 0o600)
        for path in [folder.file("pipe"), folder.file(""), "/dev/null"] {
            let error = #expect(throws: OutputError.self) { try OutputFile.write("x", to: path) }
            #expect(error?.code == .notAFile)
            #expect(throws: OutputError.self) { try AppendedFile(path, existing: .replace) }
        }
        #expect(FilePath.kind(folder.file("pipe")) == .other("a pipe"))
    }

    @Test func saysWhatTheSystemSays() throws {
        let error = #expect(throws: SystemError.self) { try OutputFile(folder.file("no/a.txt")) }
        #expect(
            error?.description
                == "\(folder.file("no/a.txt")): No such file or directory while opening a file for writing beside it")
    }

    @Test func keepsPermissions() throws {
        let path = folder.file("a.txt")
        try OutputFile.write("1", to: path)
        chmod(path, 0o600)
        try OutputFile.write("2", to: path)
        #expect(FilePath.status(path)!.st_mode & 0o777 == 0o600)
    }

    @Test func removesWhatDeadProcessesLeft() throws {
        for name in ["a.txt.host-1-1.part", "a.txt.mine.part", "b.txt.host-1-1.part"] {
            try OutputFile.write("", to: folder.file(name))
        }
        let other = try TemporaryFile(beside: folder.file("a.txt.x"), called: "")
        try OutputFile.write("x", to: folder.file("a.txt"))
        other.remove()
        #expect(folder.names == ["a.txt", "a.txt.mine.part", "b.txt.host-1-1.part"])
    }

    @Test func planTellsFilesApartByIdentity() throws {
        try FileManager.default.createDirectory(atPath: folder.file("real"), withIntermediateDirectories: true)
        symlink("real", folder.file("link"))
        try OutputFile.write("x", to: folder.file("input"))
        link(folder.file("input"), folder.file("hard"))
        var plan = OutputPlan(inputs: [folder.file("input")])
        try plan.add(folder.file("real/z.csv"), existing: .refuse)
        for path in ["link/z.csv", "link/../real//z.csv", "input", "hard"] {
            let error = #expect(throws: OutputError.self) { try plan.add(folder.file(path), existing: .replace) }
            #expect(error?.code == .takenTwice)
        }
        try plan.add(folder.file("link/y.csv"), existing: .refuse)
    }

    @Test func appendsAndCuts() throws {
        let path = folder.file("a.csv")
        let file = try AppendedFile(path, existing: .refuse)
        try file.append("one\ntwo\n")
        let error = #expect(throws: OutputError.self) { try AppendedFile(path, existing: .replace) }
        #expect(error?.code == .locked)
        #expect(throws: OutputError.self) { try FileLock(path) }
        try file.close()
        let again = try AppendedFile(path, existing: .keep(bytes: 4))
        try again.append("three\n")
        try again.synchronize()
        try again.close()
        #expect(content("a.csv") == "one\nthree\n")
        try AppendedFile(path, existing: .replace).close()
        #expect(content("a.csv") == "")
    }

    @Test func oneProcessOrderedByFolderLock() throws {
        let path = folder.file("")
        do {
            let lock = try FolderLock(path)
            #expect(lock.warning == nil)
            let error = #expect(throws: OutputError.self) { try FolderLock(path) }
            #expect(error?.message.contains("process \(getpid()) on host ") == true)
        }
        // What a dead process has left is nobody's.
        try OutputFile.write("process 1 on host gone\n", to: folder.file(".apus.lock"))
        do { _ = try FolderLock(path) }
        #expect(folder.names == [])
    }

    @Test func trailerFindsEveryChange() throws {
        let path = folder.file("a.bin")
        let file = try OutputFile(path, hasTrailer: true)
        try file.write("content")
        try file.close()
        let data = try InputFile.read(path)
        guard case .intact(let content) = Trailer.check(data) else { throw CancellationError() }
        #expect(content == Data("content".utf8))
        for place in data.indices {
            var changed = data
            changed[place] ^= 1
            if case .intact = Trailer.check(changed) { Issue.record("a change at \(place) is not noticed") }
            if case .intact = Trailer.check(data.prefix(place)) { Issue.record("\(place) bytes are taken for all") }
        }
        var sealed = Data("content".utf8)
        Trailer.seal(&sealed)
        #expect(sealed == data)
    }

    @Test func readsFilesOnly() throws {
        #expect(throws: SystemError(folder.file("x"), while: "opening it for reading", code: ENOENT)) {
            try InputFile.read(folder.file("x"))
        }
        #expect(throws: InputError("/dev/null", "expected a file, found a device")) {
            try InputFile.read("/dev/null")
        }
        #expect(throws: SystemError(folder.file(""), while: "opening it for reading", code: EISDIR)) {
            try InputFile.read(folder.file(""))
        }
    }

    @Test func excerptsAreShortAndPrintable() {
        #expect(Excerpt.of("Si\u{1B}[31m\n") == "Si\\u{1b}[31m\\n")
        #expect(Excerpt.of("Zürich µ Å") == "Zürich µ Å")
        let text = Excerpt.of(String(repeating: "x", count: 1_000_000), limit: 40)
        #expect(
            text == String(repeating: "x", count: 30) + "…" + String(repeating: "x", count: 10)
                + " (1000000 characters)")
    }
}
