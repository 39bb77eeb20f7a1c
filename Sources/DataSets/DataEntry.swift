import Atoms
import Settings
import StructureFiles

/// Files of structures, and what is to be made of their labels.
///
///     train: runs/                                         or a list of these:
///       - {files: "old/*.xyz", weight: 0.5, config_type: old, without: stress, energy_offsets: least_squares}
public struct DataEntry: Sendable, Equatable {
    /// Names, patterns and folders.
    public var files: [String]
    /// What the structures count, times what their files say.
    public var weight = 1.0
    /// In place of what the files say.
    public var configType: String?
    /// Labels that are not used.
    public var without: Set<Property> = []
    public var offsets: EnergyOffsets?
    /// What the labels are called, where that is not what they are called elsewhere.
    public var labels: LabelKeys?

    public init(_ files: [String]) { self.files = files }

    /// A name, or a section with `files`.
    init(_ value: SettingsValue, labels: LabelKeys) throws {
        guard value.isSection else {
            self.init([try value.string()])
            return
        }
        let section = try value.section()
        self.init(try section.oneOrMore("files").map { try $0.string() })
        guard !files.isEmpty else {
            throw try section.value("files").error("expected a file or a pattern, found none")
        }
        weight = try section.double("weight", in: 0...1e6, default: 1)
        if section.optional("config_type") != nil { configType = try section.string("config_type") }
        if let value = section.optional("without") { without = try Self.labels(value) }
        if let value = section.optional("energy_offsets") { offsets = try EnergyOffsets(value) }
        if let keys = try section.optionalSection("keys") {
            self.labels = try DataSettings.labels(keys, default: labels)
        }
    }

    /// Names of labels.
    static func labels(_ value: SettingsValue) throws -> Set<Property> {
        Set(
            try value.oneOrMore().map { word in
                Property(named: try word.choice(Property.all.map(\.name)))!
            })
    }

    /// Entries of a list, or one alone; those of which only files are said are one.
    static func list(_ values: [SettingsValue], labels: LabelKeys) throws -> [DataEntry] {
        var entries: [DataEntry] = []
        for value in values {
            let entry = try DataEntry(value, labels: labels)
            if entry.isPlain, let last = entries.last, last.isPlain {
                entries[entries.count - 1].files += entry.files
            } else {
                entries.append(entry)
            }
        }
        return entries
    }

    private var isPlain: Bool { self == DataEntry(files) }
}

/// How far the energies of some structures lie from those of the others because their level of theory is another one:
/// so much for each atom of an element, which is taken away from the labels.
public enum EnergyOffsets: Sendable, Equatable {
    /// eV
    case given([Element: Double])
    /// The difference of energies of atoms that are fitted to these structures and to the others, each by least
    /// squares.
    case leastSquares

    init(_ value: SettingsValue) throws {
        guard value.isSection else {
            _ = try value.choice(["least_squares"])
            self = .leastSquares
            return
        }
        var numbers: [Element: Double] = [:]
        for (name, number) in try value.section().entries() {
            guard let element = Element(name) else {
                throw number.error("expected the symbol of an element, found \(name)")
            }
            numbers[element] = try number.quantity(.energy)
        }
        self = .given(numbers)
    }
}
