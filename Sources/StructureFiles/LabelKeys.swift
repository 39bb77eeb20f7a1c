import Atoms

/// Under which names a file holds its labels. A key that is `nil` is not read.
///
/// Other tools write `REF_energy`, `dft_forces` and the like, because recent versions of ASE move the plain names
/// into a calculator. There is no search for likely names: a decoy would go unnoticed.
public struct LabelKeys: Sendable, Equatable {
    /// On the comment line: the energy in eV.
    public var energy: String?
    /// A column of three numbers: the forces in eV/Å.
    public var forces: String?
    /// On the comment line: the stress in eV/Å³, positive in tension.
    public var stress: String?
    /// On the comment line: the virial in eV, read as stress = −virial / volume.
    public var virial: String?
    /// Of `Property.others`: on the comment line for one of the structure, a column for one of the atoms.
    public var others: [Property: String]
    /// On the comment line: what the structure counts in a training. Not read unless it is named.
    public var weight: String?
    /// A column of one number, or three: what the components of the force on an atom count, 0 for nothing. Not read
    /// unless it is named.
    public var forceWeights: String?
    /// What files that do not say it mean.
    public var unstated = UnstatedFacts()
    /// Whether steps of runs whose electrons have not converged are structures all the same, marked so.
    public var keepsUnconverged = false

    public init(
        energy: String? = "energy", forces: String? = "forces", stress: String? = "stress",
        virial: String? = "virial",
        others: [Property: String] = Dictionary(uniqueKeysWithValues: Property.others.map { ($0, $0.name) })
    ) {
        self.energy = energy
        self.forces = forces
        self.stress = stress
        self.virial = virial
        self.others = others
    }

    /// The keys of a label.
    public subscript(label: Property) -> [String] {
        let keys: [String?] =
            switch label {
            case .energy: [energy]
            case .forces: [forces]
            case .stress: [stress, virial]
            default: [others[label]]
            }
        return keys.compactMap(\.self)
    }

    /// How the keys of a label are named in a message: `'stress' or 'virial'`.
    func names(of label: Property) -> String {
        let named = self[label].map { "'\($0)'" }
        return named.isEmpty ? "no key" : named.joined(separator: " or ")
    }

    /// All keys on the comment line, of labels of structures.
    var ofStructures: [String] {
        [energy, stress, virial].compactMap(\.self) + others.filter { $0.key.scope == .structure }.map(\.value)
    }

    /// The labels of atoms by the names of their columns.
    var ofAtoms: [String: Property] {
        var labels = Dictionary(
            others.filter { $0.key.scope == .atom }.map { ($0.value, $0.key) }, uniquingKeysWith: min)
        if let forces { labels[forces] = .forces }
        return labels
    }
}

/// What the frames read so far held: which keys and columns, and how many frames carried each label.
public struct LabelCensus: Sendable, Equatable, Codable {
    public private(set) var frames = 0
    /// Keys of the comment lines, in order of first appearance.
    public private(set) var keys: [String] = []
    /// Columns of the atom lines, in order of first appearance.
    public private(set) var columns: [String] = []
    /// Formats among the files that have no place for labels.
    public private(set) var formatsWithoutLabels: [String] = []
    /// By label.
    private var counts: [String: Int] = [:]

    public init() {}

    /// The number of frames that carry this label.
    public func count(of label: Property) -> Int { counts[label.name, default: 0] }

    /// Throws when a label is in no frame at all; the message lists what was asked for and what there is.
    ///
    /// A label that only some frames carry is fine: the others are masked.
    public func require(_ labels: [Property], named names: LabelKeys, in file: String) throws {
        for label in labels where count(of: label) == 0 {
            let isBare = keys.isEmpty && columns.isEmpty && !formatsWithoutLabels.isEmpty
            guard !isBare else {
                throw StructureFileError(
                    file: file,
                    message: "expected \(label) in at least one of \(frames) structures, found none: "
                        + "\(Self.list(formatsWithoutLabels)) files hold no energies, forces or stresses; give files with labels, "
                        + "such as extended XYZ")
            }
            throw StructureFileError(
                file: file,
                message: "expected \(label) in at least one of \(frames) frames (asked for as "
                    + "\(names.names(of: label))), found none; keys seen: \(Self.list(keys)); columns seen: "
                    + "\(Self.list(columns)); name the right one in the label keys")
        }
    }

    /// Adds the frames of another file of the same data set.
    public mutating func add(_ other: LabelCensus) {
        frames += other.frames
        note(keys: other.keys, columns: other.columns)
        for format in other.formatsWithoutLabels { note(formatWithoutLabels: format) }
        for (label, count) in other.counts { counts[label, default: 0] += count }
    }

    mutating func note(keys newKeys: [String], columns newColumns: [String]) {
        for key in newKeys where !keys.contains(key) { keys.append(key) }
        for column in newColumns where !columns.contains(column) { columns.append(column) }
    }

    mutating func note(formatWithoutLabels name: String) {
        if !formatsWithoutLabels.contains(name) { formatsWithoutLabels.append(name) }
    }

    /// A stress counts here even where the structure does not repeat in all directions: it was found.
    mutating func note(_ structure: Structure) {
        frames += 1
        for label in Property.all where label == .stress ? structure.stress != nil : structure.carries(label) {
            counts[label.name, default: 0] += 1
        }
    }

    private static func list(_ names: [String]) -> String { names.isEmpty ? "none" : names.joined(separator: ", ") }
}
