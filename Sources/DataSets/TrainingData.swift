import Atoms
import Compute
import Files
import Foundation
import Layers
import Neighbors
import Potentials
import StructureFiles

/// The structures that settings name, split into those to train on and those to validate with.
///
/// Structures without any two atoms within the cutoff hold nothing that a network could learn. They are left out of
/// both; those of a single atom say what the energy of an isolated atom is.
public struct TrainingData {
    /// A structure and where it stands, for messages.
    public struct Sample: Sendable {
        public var stored: StoredStructure
        /// `water.xyz, frame 12`
        public var place: String
        /// The same for the same frame of the same content, whatever the file is called.
        var identity: String
        /// The validation set that it belongs to, if that has a name.
        public var set: String?
        /// Which of the entries of its list it comes from.
        var entry = 0
        /// Whether its energy was moved to another level of theory.
        var isMoved = false

        public var structure: Structure { stored.structure }
    }

    public private(set) var training: [Sample] = []
    public private(set) var validation: [Sample] = []
    /// Structures of the data that a potential comes from, when it is trained on.
    public private(set) var replay: [Sample] = []
    /// eV, from frames of one atom among the training structures.
    public private(set) var isolatedAtoms: [Element: Double] = [:]
    /// Files read, those of the training structures first.
    public private(set) var files: [Potential.Provenance.DataFile] = []
    private var trainingFiles = 0
    /// Isolated atoms that give no shifts: those to validate with, and of the data that a potential comes from.
    private(set) var validationAtoms: [Sample] = []
    private(set) var replayAtoms: [Sample] = []
    /// For people: warnings, and what was left out.
    public internal(set) var remarks: [Remark] = []

    /// The paths of the files read, of patterns too.
    public private(set) var paths: [String] = []

    /// Which structures train and which validate: the same for the same split of the same contents.
    public var splitDigest: String {
        var hash = SHA256()
        for (name, samples) in [("train", training), ("validate", validation)] {
            hash.update(Data("\(name) \(samples.count)\n".utf8))
            for sample in samples { hash.update(Data((sample.identity + "\n").utf8)) }
        }
        return hash.hexadecimal()
    }

    /// What the structures are for.
    public struct Purpose: Sendable {
        /// Labels that the loss asks for.
        public var labels: [Property]
        /// The label that decides which potential is kept, if one does.
        public var decisive: Property?
        /// Values of `config_type` that have a weight of their own.
        public var configTypes: [String]
        /// Files that a potential was trained on before, and the keys of their labels.
        public var replay: (train: [String], labels: LabelKeys)?
        public var seed: UInt64

        public init(
            labels: [Property], decisive: Property? = nil, configTypes: [String] = [],
            replay: (train: [String], labels: LabelKeys)? = nil, seed: UInt64
        ) {
            self.labels = labels
            self.decisive = decisive
            self.configTypes = configTypes
            self.replay = replay
            self.seed = seed
        }
    }

    /// Throws where a file is bad, a label that the loss asks for is absent everywhere, or nothing is left to train on.
    ///
    /// - Parameter cutoff: the model's.
    public init(
        _ data: DataSettings, for purpose: Purpose, cutoff: ElementCutoffs, parallelism: Parallelism = .serial
    ) throws {
        let wanted = purpose.labels
        let names = data.train.flatMap(\.files).joined(separator: ", ")
        var samples = try read(data.train, key: "data.train", data)
        trainingFiles = files.count
        for label in wanted {
            do {
                try samples.census.require([label], named: data.labels, in: names)
            } catch let error as StructureFileError {
                throw DataSetError("\(error); to train without it, give it no weight (training.loss.\(label): 0)")
            }
        }
        let alignment = try EnergyAlignment(data, samples.samples)
        try alignment.move(&samples.samples, data.train, &remarks)
        try checkLabels(wanted, samples.samples, data)
        var atoms: [Element: Sample] = [:]
        let stretched: Int
        (training, stretched) = try samples.takeWhatHasNeighbors(within: cutoff, isolatedAtoms: &atoms)
        isolatedAtoms = atoms.compactMapValues(\.structure.energy)
        guard !training.isEmpty else {
            throw DataSetError(
                "\(names): holds no structures to train on"
                    + (samples.samples.isEmpty
                        ? ""
                        : ": in none of \(samples.samples.count) do atoms see each other (r_max = \(cutoff.longest) Å, or per_edge_type_cutoff)")
            )
        }
        remark(
            on: samples.samples.count - training.count, of: "training", isolatedAtoms: !isolatedAtoms.isEmpty,
            stretched: stretched)
        switch data.validation {
        case .files(let sets):
            for set in sets { try readValidation(set, data, alignment, wanted, cutoff) }
            warnOfOverlap()
        case .fraction(let fraction):
            let count = min(Int((fraction * Double(training.count)).rounded()), training.count - 1)
            if fraction > 0, count == 0 {
                remarks.append(
                    .warning(
                        "data.validation \(fraction) of \(training.count) structures is none; the training set takes its place"
                    ))
            }
            try hold(count, purpose)
        case .count(let count):
            guard count < training.count else {
                throw DataSetError(
                    "data.validation: asks for \(count) structures, but there are only \(training.count) in all")
            }
            try hold(count, purpose)
        }
        if let size = data.trainSize { try limit(to: size, seed: purpose.seed) }
        warnOfUnknown(purpose.configTypes)
        if wanted.contains(.dipole) { try checkDipoles() }
        if let source = purpose.replay {
            var old = try read(
                [DataEntry(source.train)], key: "fine_tuning.replay.train", data, labels: source.labels)
            try old.census.require(
                wanted.filter { $0 != .stress }, named: source.labels, in: source.train.joined(separator: ", "))
            var atoms: [Element: Sample] = [:]
            replay = try old.takeWhatHasNeighbors(within: cutoff, isolatedAtoms: &atoms).kept
            replayAtoms = atoms.values.sorted { $0.place < $1.place }
        }
        remarkOnMasks()
        try check(data.labels, columns: samples.census.columns, cutoff: cutoff.longest, parallelism)
    }

    // MARK: Splitting

    private mutating func readValidation(
        _ set: DataSettings.ValidationSource.FileSet, _ data: DataSettings, _ alignment: EnergyAlignment,
        _ wanted: [Property], _ cutoff: ElementCutoffs
    ) throws {
        let key = "data.validation" + (set.name.map { ".\($0)" } ?? "")
        var held = try read(set.entries, key: key, data)
        try alignment.move(&held.samples, set.entries, &remarks)
        do {
            try held.census.require(wanted, named: data.labels, in: set.files.joined(separator: ", "))
        } catch let error as StructureFileError {
            throw DataSetError("\(key): \(error)")
        }
        var atoms: [Element: Sample] = [:]
        let (kept, stretched) = try held.takeWhatHasNeighbors(within: cutoff, isolatedAtoms: &atoms)
        validationAtoms += atoms.values.sorted { $0.place < $1.place }
        validation += kept.map { sample in
            var sample = sample
            sample.set = set.name
            return sample
        }
        remark(
            on: held.samples.count - kept.count, of: "validation", isolatedAtoms: false, stretched: stretched)
    }

    private mutating func hold(_ count: Int, _ purpose: Purpose) throws {
        (training, validation) = Self.split(training, holding: count, seed: purpose.seed)
        for label in purpose.labels where count > 0 && !validation.contains(where: { $0.structure.carries(label) }) {
            guard label != purpose.decisive else {
                throw DataSetError(
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
            throw DataSetError(
                "data.train_size: asks for \(size) structures, but there are only \(training.count) to train on")
        }
        training = Permutation.shuffled(training.count, seed: seed, round: -2).prefix(size).sorted()
            .map { training[$0] }
    }

    private mutating func remark(on count: Int, of set: String, isolatedAtoms: Bool, stretched: Int) {
        guard count > 0 else { return }
        let use = isolatedAtoms ? "; isolated atoms give their energy" : ""
        let crystals =
            stretched > 0 ? "; \(stretched) are crystals with neighbours beyond it, and no isolated atoms" : ""
        remarks.append(
            .notice(
                "\(count) of the \(set) structures left out: no two atoms within r_max, nothing to learn\(use)\(crystals)"
            ))
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

    /// Throws at a dipole that has no meaning.
    private func checkDipoles() throws {
        for sample in training + validation {
            do {
                _ = try sample.structure.dipoleAboutCentroid()
            } catch {
                throw DataSetError("\(sample.place): \(error.message)")
            }
        }
    }

    private mutating func warnOfUnknown(_ configTypes: [String]) {
        let known = Set((training + validation).compactMap { $0.structure.information["config_type"] })
        for name in configTypes.sorted() where name != "default" && !known.contains(name) {
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

        /// The frames with neighbours; of the others, isolated atoms that have an energy go to `isolatedAtoms`, and how
        /// many are atoms of stretched crystals is counted.
        ///
        /// Throws where a label cannot be one, or isolated atoms contradict each other.
        mutating func takeWhatHasNeighbors(
            within cutoff: ElementCutoffs, isolatedAtoms: inout [Element: Sample]
        ) throws -> (kept: [Sample], stretched: Int) {
            var stretched = 0
            let kept = try samples.filter { sample in
                let structure = sample.structure
                if let violation = LabelLimits.violation(in: structure) {
                    throw DataSetError(
                        "\(sample.place): \(violation), which cannot be; correct it or remove the structure")
                }
                let edges = try EdgeList(
                    positions: structure.positions, cell: structure.cell, cutoffs: Cutoffs(cutoff.longest))
                if cutoff.count(of: edges, between: structure.elements) > 0 { return true }
                guard structure.count == 1 else { return false }
                guard IsolatedAtoms.contains(structure, cutoff: cutoff.longest) else {
                    stretched += 1
                    return false
                }
                // Of another level of theory than the shifts.
                guard let energy = structure.energy, !sample.isMoved else { return false }
                let element = structure.elements[0]
                guard let other = isolatedAtoms[element] else {
                    isolatedAtoms[element] = sample
                    return false
                }
                guard IsolatedAtoms.agree(other.structure.energy!, energy) else {
                    throw DataSetError(
                        "\(sample.place): an isolated atom of \(element) has \(energy) eV, but \(other.structure.energy!) eV in \(other.place); keep one of them"
                    )
                }
                return false
            }
            return (kept, stretched)
        }
    }

    /// - Parameter labels: what they are called, in place of the settings'.
    private mutating func read(
        _ entries: [DataEntry], key: String, _ data: DataSettings, labels: LabelKeys? = nil
    ) throws -> Frames {
        var frames = Frames()
        let earlier = key == "data.train" ? files.count : trainingFiles
        var copies = RunCopies()
        for (number, entry) in entries.enumerated() {
            let (paths, passedOver) = try Self.paths(of: entry, key)
            remarks += passedOver.map { .notice($0) }
            let keys = entry.labels ?? labels ?? data.labels
            let adjustment = labels == nil ? data.adjustment(of: entry) : LabelAdjustment()
            for path in paths {
                let digest = try FileDigest.sha256(of: path)
                if let same = files.dropFirst(earlier).first(where: { $0.sha256 == digest }) {
                    throw DataSetError("\(key): \(path) holds the same as \(same.name); name each file once")
                }
                let name = (path as NSString).lastPathComponent
                let (structures, census, remark, ofReader) = try Self.structures(of: path, digest, keys, data.cache)
                if let remark { remarks.append(.notice(remark)) }
                remarks += ofReader.map { .warning($0) }
                copies.begin(path)
                for (index, stored) in structures.enumerated() {
                    copies.add(stored.structure)
                    frames.samples.append(
                        Sample(
                            stored: stored.adjusted(by: adjustment), place: "\(name), frame \(index + 1)",
                            identity: "\(digest) \(index)", entry: number))
                }
                if let copy = copies.end() { remarks.append(.warning(copy)) }
                frames.census.add(census)
                files.append(.init(name: name, sha256: digest, structures: structures.count))
                self.paths.append(path)
            }
        }
        return frames
    }

    private static func paths(of entry: DataEntry, _ key: String) throws -> ([String], remarks: [String]) {
        var remarks: [String] = []
        do {
            return (try FilePattern.expand(entry.files, remarks: &remarks), remarks)
        } catch let error as StructureFileError {
            throw DataSetError("\(key): \(error)")
        }
    }

    /// Throws where settings leave no structure with a label that the loss asks for.
    private func checkLabels(_ wanted: [Property], _ samples: [Sample], _ data: DataSettings) throws {
        guard !data.without.isEmpty || data.train.contains(where: { !$0.without.isEmpty }) else { return }
        for label in wanted where !samples.contains(where: { $0.structure.carries(label) }) {
            throw DataSetError(
                "data: without leaves no training structure with \(label); give it no weight (training.loss.\(label): 0)"
            )
        }
    }

    private mutating func remarkOnMasks() {
        var (atoms, structures) = (0, 0)
        for sample in training {
            let masked = sample.structure.forceWeights?.count { $0 == .zero } ?? 0
            if masked > 0 { (atoms, structures) = (atoms + masked, structures + 1) }
        }
        guard atoms > 0 else { return }
        remarks.append(
            .notice(
                "forces on \(Plural.count(atoms, "atom")) in \(Plural.count(structures, "structure")) are masked: the files say that they are fixed, or their weight is 0"
            ))
    }

    /// The structures of a file, read into memory or, with a folder for caches, through one that is made if need be.
    private static func structures(
        of path: String, _ digest: String, _ labels: LabelKeys, _ folder: String?
    ) throws -> ([StoredStructure], LabelCensus, remark: String?, ofReader: [String]) {
        guard let folder else {
            let reader = try StructureFormats.open(path, labels: labels)
            var structures: [StoredStructure] = []
            while let structure = try reader.next() { structures.append(.inMemory(structure)) }
            return (structures, reader.census, nil, reader.remarks)
        }
        let cache = try StructureCache(of: path, sha256: digest, labels: labels, in: folder)
        return ((0..<cache.count).map { .cached(cache, index: $0) }, cache.census, cache.remark, cache.readerRemarks)
    }
}
