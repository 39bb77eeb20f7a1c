import Atoms
import Files
import Foundation
import Neighbors
import Network
import StructureFiles

/// The structures that settings name, split into those to train on and those to validate with.
///
/// Structures without any two atoms within the cutoff hold nothing that a network could learn. They are left out of
/// both; those of a single atom say what the energy of an isolated atom is.
struct TrainingData {
    /// A structure and where it stands, for messages.
    struct Sample: Sendable {
        var stored: StoredStructure
        /// `water.xyz, frame 12`
        var place: String
        /// The validation set that it belongs to, if that has a name.
        var set: String?

        var structure: Structure { stored.structure }
    }

    private(set) var training: [Sample] = []
    private(set) var validation: [Sample] = []
    /// Structures of the data that a potential comes from, when it is trained on.
    private(set) var replay: [Sample] = []
    /// eV, from frames of one atom among the training structures.
    private(set) var isolatedAtoms: [Element: Double] = [:]
    /// Files read, those of the training structures first.
    private(set) var files: [Potential.Provenance.DataFile] = []
    private var trainingFiles = 0
    /// For people: warnings, and what was left out.
    private(set) var remarks: [Remark] = []

    /// Which structures train and which validate: the same for the same split of the same files.
    var splitDigest: String {
        let places = validation.map(\.place) + ["of \(training.count)"]
        return SHA256.hexadecimal(of: Data(places.joined(separator: "\n").utf8))
    }

    /// Throws where a file is bad, a label that the loss asks for is absent everywhere, or nothing is left to train on.
    ///
    /// - Parameter cutoff: the model's r_max, Å.
    init(_ settings: TrainingSettings, cutoff: Double) throws {
        let (data, wanted) = (settings.data, settings.loss.labels)
        let names = data.train.joined(separator: ", ")
        var samples = try read(data.train, key: "data.train", data.labels, cache: data.cache)
        trainingFiles = files.count
        try samples.census.require(wanted, named: data.labels, in: names)
        var atoms: [Element: Sample] = [:]
        training = try samples.takeWhatHasNeighbors(within: cutoff, isolatedAtoms: &atoms)
        isolatedAtoms = atoms.compactMapValues(\.structure.energy)
        guard !training.isEmpty else {
            throw TrainingError(
                "\(names): holds no structures to train on"
                    + (samples.samples.isEmpty
                        ? "" : ": in none of \(samples.samples.count) are two atoms within r_max = \(cutoff) Å"))
        }
        remark(on: samples.samples.count - training.count, of: "training", isolatedAtoms: !isolatedAtoms.isEmpty)
        switch data.validation {
        case .files(let sets):
            for set in sets { try readValidation(set, data.labels, wanted, cutoff, cache: data.cache) }
            warnOfOverlap()
        case .fraction(let fraction):
            let count = min(Int((fraction * Double(training.count)).rounded()), training.count - 1)
            if fraction > 0, count == 0 {
                remarks.append(
                    .warning(
                        "data.validation \(fraction) of \(training.count) structures is none; the training set takes its place"
                    ))
            }
            try hold(count, settings, wanted)
        case .count(let count):
            guard count < training.count else {
                throw TrainingError(
                    "data.validation: asks for \(count) structures, but there are only \(training.count) in all")
            }
            try hold(count, settings, wanted)
        }
        if let size = data.trainSize { try limit(to: size, seed: settings.seed) }
        warnOfUnknownConfigTypes(settings.loss)
        if let source = settings.fineTuning?.replay {
            var old = try read(source.train, key: "fine_tuning.replay.train", source.labels, cache: data.cache)
            try old.census.require(
                wanted.filter { $0 != Label.stress }, named: source.labels, in: source.train.joined(separator: ", "))
            var ignored: [Element: Sample] = [:]
            replay = try old.takeWhatHasNeighbors(within: cutoff, isolatedAtoms: &ignored)
        }
    }

    // MARK: Splitting

    private mutating func readValidation(
        _ set: DataSettings.ValidationSource.FileSet, _ labels: LabelKeys, _ wanted: [Label], _ cutoff: Double,
        cache: String?
    ) throws {
        let key = "data.validation" + (set.name.map { ".\($0)" } ?? "")
        var held = try read(set.files, key: key, labels, cache: cache)
        do {
            try held.census.require(wanted, named: labels, in: set.files.joined(separator: ", "))
        } catch let error as StructureFileError {
            throw TrainingError("\(key): \(error)")
        }
        var ignored: [Element: Sample] = [:]
        let kept = try held.takeWhatHasNeighbors(within: cutoff, isolatedAtoms: &ignored)
        validation += kept.map { Sample(stored: $0.stored, place: $0.place, set: set.name) }
        remark(on: held.samples.count - kept.count, of: "validation", isolatedAtoms: false)
    }

    private mutating func hold(_ count: Int, _ settings: TrainingSettings, _ wanted: [Label]) throws {
        (training, validation) = Self.split(training, holding: count, seed: settings.seed)
        for label in wanted where count > 0 && !validation.contains(where: { $0.structure.carries(label) }) {
            guard label != settings.keep.label else {
                throw TrainingError(
                    "training.keep: \(label), but none of the \(count) structures held back has it; hold more back by data.validation, or keep another"
                )
            }
            remarks.append(
                .warning(
                    "none of the \(count) structures held back has \(label); which potential is kept is decided without"
                ))
        }
    }

    /// Holds back `count` elements drawn at random; both parts keep their order.
    static func split<Element>(_ all: [Element], holding count: Int, seed: UInt64) -> ([Element], [Element]) {
        let held = Set(Permutation.shuffled(all.count, seed: seed, round: -1).prefix(count))
        return (
            all.indices.filter { !held.contains($0) }.map { all[$0] },
            all.indices.filter { held.contains($0) }.map { all[$0] }
        )
    }

    /// Keeps some training structures: the first ones of an order drawn at random, so that sizes are nested.
    private mutating func limit(to size: Int, seed: UInt64) throws {
        guard size <= training.count else {
            throw TrainingError(
                "data.train_size: asks for \(size) structures, but there are only \(training.count) to train on")
        }
        training = Permutation.shuffled(training.count, seed: seed, round: -2).prefix(size).sorted()
            .map { training[$0] }
    }

    private mutating func remark(on count: Int, of set: String, isolatedAtoms: Bool) {
        guard count > 0 else { return }
        let use = isolatedAtoms ? "; those of one atom give its energy" : ""
        remarks.append(
            .notice("\(count) of the \(set) structures left out: no two atoms within r_max, nothing to learn\(use)"))
    }

    private mutating func warnOfOverlap() {
        for other in files.dropFirst(trainingFiles) {
            guard let same = files.prefix(trainingFiles).first(where: { $0.sha256 == other.sha256 }) else { continue }
            remarks.append(
                .warning(
                    "\(other.name) validates what \(same.name) trains: they hold the same, so the errors say nothing about other structures"
                ))
        }
    }

    private mutating func warnOfUnknownConfigTypes(_ loss: LossSettings) {
        let known = Set((training + validation).compactMap { $0.structure.information["config_type"] })
        for name in loss.byConfigType.keys.sorted() where name != "default" && !known.contains(name) {
            remarks.append(
                .warning(
                    "training.loss.config_type_weights: no structure has config_type=\(name); there are \(known.isEmpty ? "none" : known.sorted().joined(separator: ", "))"
                ))
        }
    }

    // MARK: Reading

    /// The frames of some files.
    private struct Frames {
        var samples: [Sample] = []
        var census = LabelCensus()

        /// The frames with neighbours; of the others, those of one atom that have an energy go to `isolatedAtoms`.
        mutating func takeWhatHasNeighbors(
            within cutoff: Double, isolatedAtoms: inout [Element: Sample]
        ) throws -> [Sample] {
            try samples.filter { sample in
                let structure = sample.structure
                let edges = try EdgeList(
                    positions: structure.positions, cell: structure.cell, cutoffs: Cutoffs(cutoff))
                if edges.count > 0 { return true }
                if structure.count == 1, let energy = structure.energy {
                    let element = structure.elements[0]
                    if let other = isolatedAtoms[element], abs(other.structure.energy! - energy) > 1e-6 {
                        throw TrainingError(
                            "\(sample.place): an isolated atom of \(element) has \(energy) eV, but \(other.structure.energy!) eV in \(other.place); keep one of them"
                        )
                    }
                    isolatedAtoms[element] = sample
                }
                return false
            }
        }
    }

    private mutating func read(_ names: [String], key: String, _ labels: LabelKeys, cache: String?) throws -> Frames {
        var frames = Frames()
        let paths: [String]
        do {
            paths = try FilePattern.expand(names)
        } catch let error as StructureFileError {
            throw TrainingError("\(key): \(error)")
        }
        let earlier = key == "data.train" ? files.count : trainingFiles
        for path in paths {
            let digest = try Self.sha256(of: path)
            if let same = files.dropFirst(earlier).first(where: { $0.sha256 == digest }) {
                throw TrainingError("\(key): \(path) holds the same as \(same.name); name each file once")
            }
            let name = (path as NSString).lastPathComponent
            let (structures, census) = try Self.structures(of: path, digest, labels, cache)
            for (index, stored) in structures.enumerated() {
                frames.samples.append(Sample(stored: stored, place: "\(name), frame \(index + 1)"))
            }
            frames.census.add(census)
            files.append(.init(name: name, sha256: digest, structures: structures.count))
        }
        return frames
    }

    /// The structures of a file, read into memory or, with a folder for caches, through one that is made if need be.
    private static func structures(
        of path: String, _ digest: String, _ labels: LabelKeys, _ folder: String?
    ) throws -> ([StoredStructure], LabelCensus) {
        guard let folder else {
            let reader = try ExtendedXYZReader(path: path, labels: labels)
            var structures: [StoredStructure] = []
            while let structure = try reader.next() { structures.append(.inMemory(structure)) }
            return (structures, reader.census)
        }
        let cache = try StructureCache(of: path, sha256: digest, labels: labels, in: folder)
        return ((0..<cache.count).map { .cached(cache, index: $0) }, cache.census)
    }

    /// The digest of a file as hexadecimal text.
    private static func sha256(of path: String) throws -> String {
        guard let handle = FileHandle(forReadingAtPath: path) else { throw TrainingError("\(path): cannot be read") }
        defer { try? handle.close() }
        var hash = SHA256()
        while let part = try handle.read(upToCount: 1 << 20), !part.isEmpty { hash.update(part) }
        return hash.hexadecimal()
    }
}

extension Structure {
    func carries(_ label: Label) -> Bool {
        switch label {
        case .energy: energy != nil
        case .forces: forces != nil
        case .stress: labelledStress != nil
        }
    }
}
