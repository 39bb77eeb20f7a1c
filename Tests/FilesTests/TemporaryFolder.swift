import Foundation

/// A folder that goes with the test.
final class TemporaryFolder {
    private let root = FileManager.default.temporaryDirectory.appending(path: "apus-files-\(UUID().uuidString)").path

    init() { try? FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: root) }

    func path(_ name: String) -> String { name.isEmpty ? root : "\(root)/\(name)" }

    var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []).sorted() }
}
