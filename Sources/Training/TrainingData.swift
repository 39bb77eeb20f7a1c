import Atoms
import Crypto
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
    struct Sample: Equatable {
        var structure: Structure
        /// `water.xyz, frame 12`
        var place: String
    }

    private(set) var training: [Sample] = []
    private(set) var validation: [Sample] = []
    /// eV, from frames of one atom among the training structures.
    private(set) var isolatedAtoms: [Element: Double] = [:]
    /// Files read, those of the training structures first.
    private(set) var files: [Potential.Provenance.DataFile] = []
    private var trainingFiles = 0
    /// For people: warnings, and what was left out.
    private(set) var remarks: [Remark] = []

    /// Which structures train and which validate: the same for the same split of the same files.
    var splitDigest: String {
        SHA256.hash(data: Data(validation.map(\.place).joined(separator: "\n").utf8)).hexadecimal
    }

    /// Throws where a file is bad, a label that the loss asks for is absent everywhere, or nothing is left to train on.
    init(_ settings: TrainingSettings) throws {
        let wanted: [Label] =
            (settings.loss.energy > 0 ? [.energy] : []) + (settings.loss.forces > 0 ? [.forces] : [])
            + (settings.loss.stress > 0 ? [.stress] : [])
        let names = settings.train.joined(separator: ", ")
        var samples = try read(settings.train, key: "data.train", settings)
        trainingFiles = files.count
        try samples.census.require(wanted, named: settings.labelKeys, in: names)
        var atoms: [Element: Sample] = [:]
        training = try samples.takeWhatHasNeighbors(within: settings.model.rMax, isolatedAtoms: &atoms)
        isolatedAtoms = atoms.compactMapValues(\.structure.energy)
        guard !training.isEmpty else {
            throw TrainingError(
                "\(names): holds no structures to train on"
                    + (samples.samples.isEmpty
                        ? ""
                        : ": in none of \(samples.samples.count) are two atoms within r_max = \(settings.model.rMax) Å")
            )
        }
        remark(on: samples.samples.count - training.count, of: "training", isolatedAtoms: !isolatedAtoms.isEmpty)
        switch settings.validation {
        case .files(let paths):
            var held = try read(paths, key: "data.validation", settings)
            do {
                try held.census.require(wanted, named: settings.labelKeys, in: paths.joined(separator: ", "))
            } catch let error as StructureFileError {
                throw TrainingError("data.validation: \(error)")
            }
            var ignored: [Element: Sample] = [:]
            validation = try held.takeWhatHasNeighbors(within: settings.model.rMax, isolatedAtoms: &ignored)
            remark(on: held.samples.count - validation.count, of: "validation", isolatedAtoms: false)
            warnOfOverlap()
        case .fraction(let fraction):
            let count = min(Int((fraction * Double(training.count)).rounded()), training.count - 1)
            if fraction > 0, count == 0 {
                remarks.append(
                    .warning(
                        "data.validation \(fraction) of \(training.count) structures is none; the training set takes its place"
                    ))
            }
            hold(count, seed: settings.seed, wanted)
        case .count(let count):
            guard count < training.count else {
                throw TrainingError(
                    "data.validation: asks for \(count) structures, but there are only \(training.count) in all")
            }
            hold(count, seed: settings.seed, wanted)
        }
    }

    // MARK: Splitting

    private mutating func hold(_ count: Int, seed: UInt64, _ wanted: [Label]) {
        (training, validation) = Self.split(training, holding: count, seed: seed)
        for label in wanted where count > 0 && !validation.contains(where: { $0.structure.carries(label) }) {
            remarks.append(
                .warning(
                    "none of the \(count) structures held back has \(label); the best potential is chosen without"))
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

    private mutating func read(_ names: [String], key: String, _ settings: TrainingSettings) throws -> Frames {
        var frames = Frames()
        let paths: [String]
        do {
            paths = try FilePattern.expand(names)
        } catch let error as StructureFileError {
            throw TrainingError("\(key): \(error)")
        }
        for path in paths {
            let digest = try Self.sha256(of: path)
            if let same = files.dropFirst(trainingFiles).first(where: { $0.sha256 == digest }) {
                throw TrainingError("\(key): \(path) holds the same as \(same.name); name each file once")
            }
            let reader = try ExtendedXYZReader(path: path, labels: settings.labelKeys)
            let name = (path as NSString).lastPathComponent
            var count = 0
            while let structure = try reader.next() {
                count += 1
                frames.samples.append(Sample(structure: structure, place: "\(name), frame \(count)"))
            }
            frames.census.add(reader.census)
            files.append(.init(name: name, sha256: digest, structures: count))
        }
        return frames
    }

    /// The digest of a file as hexadecimal text.
    private static func sha256(of path: String) throws -> String {
        guard let handle = FileHandle(forReadingAtPath: path) else { throw TrainingError("\(path): cannot be read") }
        defer { try? handle.close() }
        var hash = SHA256()
        while let part = try handle.read(upToCount: 1 << 20), !part.isEmpty { hash.update(data: part) }
        return hash.finalize().hexadecimal
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

extension TrainingSettings {
    public var labelKeys: LabelKeys {
        LabelKeys(energy: keys.energy, forces: keys.forces, stress: keys.stress, virial: keys.virial)
    }
}
