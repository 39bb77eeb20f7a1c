import Atoms
import Crypto
import Foundation
import Network
import StructureFiles

/// The structures that settings name, split into those to train on and those to validate with.
enum TrainingData {
    /// Throws where a file is bad, a label that the loss asks for is absent everywhere, or nothing is left to train on.
    static func load(
        _ settings: TrainingSettings
    ) throws -> (training: [Structure], validation: [Structure], files: [Potential.Provenance.DataFile]) {
        let keys = LabelKeys(
            energy: settings.keys.energy, forces: settings.keys.forces, stress: settings.keys.stress,
            virial: settings.keys.virial)
        let wanted: [Label] =
            (settings.loss.energy > 0 ? [.energy] : []) + (settings.loss.forces > 0 ? [.forces] : [])
            + (settings.loss.stress > 0 ? [.stress] : [])
        var files: [Potential.Provenance.DataFile] = []
        var (structures, census) = try read(try FilePattern.expand(settings.train), keys, &files)
        try census.require(wanted, named: keys, in: settings.train.joined(separator: ", "))
        guard !structures.isEmpty else {
            throw TrainingError("\(settings.train.joined(separator: ", ")): holds no structures to train on")
        }
        var held: [Structure] = []
        switch settings.validation {
        case .files(let names):
            (held, _) = try read(try FilePattern.expand(names), keys, &files)
        case .fraction(let fraction):
            let count = structures.count > 1 ? Int((fraction * Double(structures.count)).rounded()) : 0
            (structures, held) = split(structures, holding: min(count, structures.count - 1), seed: settings.seed)
        case .count(let count):
            guard count < structures.count else {
                throw TrainingError(
                    "data.validation: asks for \(count) structures, but there are only \(structures.count) in all")
            }
            (structures, held) = split(structures, holding: count, seed: settings.seed)
        }
        return (structures, held, files)
    }

    private static func read(
        _ paths: [String], _ keys: LabelKeys, _ files: inout [Potential.Provenance.DataFile]
    ) throws -> ([Structure], LabelCensus) {
        var structures: [Structure] = []
        var census = LabelCensus()
        for path in paths {
            let reader = try ExtendedXYZReader(path: path, labels: keys)
            let before = structures.count
            while let structure = try reader.next() { structures.append(structure) }
            census.add(reader.census)
            files.append(
                .init(
                    name: (path as NSString).lastPathComponent, sha256: try sha256(of: path),
                    structures: structures.count - before))
        }
        return (structures, census)
    }

    /// The digest of a file as hexadecimal text.
    private static func sha256(of path: String) throws -> String {
        guard let handle = FileHandle(forReadingAtPath: path) else { throw TrainingError("\(path): cannot be read") }
        defer { try? handle.close() }
        var hash = SHA256()
        while let part = try handle.read(upToCount: 1 << 20), !part.isEmpty { hash.update(data: part) }
        return hash.finalize().map { String(format: "%02x", $0) }.joined()
    }

    /// Holds back `count` structures drawn at random; both parts keep the order of the file.
    static func split(_ structures: [Structure], holding count: Int, seed: UInt64) -> ([Structure], [Structure]) {
        let held = Set(Permutation.shuffled(structures.count, seed: seed, round: -1).prefix(count))
        return (
            structures.indices.filter { !held.contains($0) }.map { structures[$0] },
            structures.indices.filter { held.contains($0) }.map { structures[$0] }
        )
    }
}
