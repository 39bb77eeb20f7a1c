import Atoms
import Files
import Foundation

/// Structures on disk, to be taken in any order: eight bytes of memory for each.
public final class StructureScratch {
    private let file: ScratchFile
    /// Where each begins, and where the last ends.
    private var places: [Int] = [0]
    private var waiting = Data()

    public var count: Int { places.count - 1 }

    /// - Parameter path: the output that it serves, beside which there is room for it.
    public init(beside path: String) throws { file = try ScratchFile(beside: path) }

    public func append(_ structure: Structure) throws {
        StructureRecord.append(structure, to: &waiting)
        places.append(file.size + waiting.count)
        if waiting.count > 1 << 22 { try flush() }
    }

    /// To the bit as it was appended.
    public func structure(_ index: Int) throws -> Structure {
        if places[index + 1] > file.size { try flush() }
        let bytes = try file.read(places[index]..<places[index + 1])
        return bytes.withUnsafeBytes { StructureRecord.structure(in: $0, at: 0) }
    }

    private func flush() throws {
        try file.append(waiting)
        waiting.removeAll(keepingCapacity: true)
    }
}
