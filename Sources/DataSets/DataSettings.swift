import Atoms
import Foundation
import Settings
import StructureFiles

/// The section `data`: which structures train, which validate, and what their labels are called.
public struct DataSettings: Sendable, Equatable {
    /// Training structures.
    public var train: [DataEntry] = []
    /// Labels that are not used of structures with a `config_type`.
    public var without: [String: Set<Property>] = [:]
    /// How far energies of structures with a `config_type` lie from the others.
    public var offsets: [String: EnergyOffsets] = [:]
    /// Whether forces on atoms that a file says are fixed count nothing.
    public var masksFixedAtoms = true
    /// How many of the training structures are used: those of a smaller number are among those of a larger.
    public var trainSize: Int?
    public var validation = ValidationSource.fraction(0.1)
    public var labels = LabelKeys()
    /// The folder for binary copies of the files, from which structures are taken as they are needed.
    public var cache: String?

    public enum ValidationSource: Sendable, Equatable {
        case fraction(Double)
        case count(Int)
        case files([FileSet])

        /// Files of one validation set, whose errors are reported by its name.
        public struct FileSet: Sendable, Equatable {
            /// `nil` where there is only one set.
            public var name: String?
            public var entries: [DataEntry]
            public var files: [String] { entries.flatMap(\.files) }

            public init(name: String? = nil, entries: [DataEntry]) { (self.name, self.entries) = (name, entries) }

            public init(name: String? = nil, files: [String]) {
                self.init(name: name, entries: [DataEntry(files)])
            }
        }
    }

    public init() {}

    public init(_ data: Settings) throws {
        if let section = try data.optionalSection("keys") { labels = try Self.labels(section) }
        labels.unstated = try Self.unstated(data)
        labels.keepsUnconverged = try data.boolean("keep_unconverged", default: false)
        train = try DataEntry.list(data.oneOrMore("train"), labels: labels)
        guard !train.isEmpty else {
            throw try data.value("train").error("expected a file, a list of files or a pattern, found none")
        }
        if data.optional("train_size") != nil { trainSize = try data.integer("train_size", in: .positive) }
        if let value = data.optional("validation") { validation = try Self.validation(value, labels) }
        for (kind, value) in try data.sectionOrEmpty("without").entries() {
            without[kind] = try DataEntry.labels(value)
        }
        for (kind, value) in try data.sectionOrEmpty("energy_offsets").entries() {
            offsets[kind] = try EnergyOffsets(value)
        }
        masksFixedAtoms = try data.choice("fixed_atoms", ["masked", "learned"], default: "masked") == "masked"
        if data.optional("cache") != nil { cache = try data.file("cache") }
    }

    /// A fraction below 1, a count, files, or files by the name of a set.
    private static func validation(_ value: SettingsValue, _ labels: LabelKeys) throws -> ValidationSource {
        // A section is one entry, or sets by their names.
        if value.isSection, try !value.section().keys.contains("files") {
            let sets = try value.section().entries().map { name, files in
                ValidationSource.FileSet(name: name, entries: try DataEntry.list(files.oneOrMore(), labels: labels))
            }
            guard !sets.isEmpty else { throw value.error("expected files by the name of a set, found none") }
            return .files(sets)
        }
        if value.isList || value.isSection {
            return .files([.init(entries: try DataEntry.list(value.oneOrMore(), labels: labels))])
        }
        let text = try value.string()
        guard let number = Double(text) else { return .files([.init(entries: [DataEntry([text])])]) }
        if number >= 0, number < 1 { return .fraction(number) }
        if let count = Int(text), count >= 1 { return .count(count) }
        throw value.error("expected a fraction below 1, a number of structures, or files; found \(text)")
    }

    /// What labels are called in the settings of a training, whatever else these say.
    public static func labels(ofTraining settings: Settings) throws -> LabelKeys {
        let data = try settings.section("data")
        var keys = try data.optionalSection("keys").map { try labels($0) } ?? LabelKeys()
        keys.unstated = try unstated(data)
        return keys
    }

    /// What files that do not say it mean: `elements` of numbered types and `file_units`.
    private static func unstated(_ data: Settings) throws -> UnstatedFacts {
        var facts = UnstatedFacts()
        if data.optional("elements") != nil {
            facts.elements = try data.oneOrMore("elements").map {
                let symbol = try $0.string()
                guard let element = Element(symbol) else {
                    throw $0.error("expected the symbol of an element, found \(symbol)")
                }
                return element
            }
        }
        if let value = data.optional("file_units") {
            let word = try value.string()
            guard let units = FileUnits(rawValue: word) else {
                throw value.error("expected \(FileUnits.names), found \(word)")
            }
            facts.units = units
        }
        return facts
    }

    public static func labels(_ section: Settings, default absent: LabelKeys = LabelKeys()) throws -> LabelKeys {
        /// The name of a label; `null` and `none` stand for "not read".
        func key(_ label: String, _ absent: String?) throws -> String? {
            guard let value = section.optional(label) else { return section.keys.contains(label) ? nil : absent }
            let name = try value.string()
            return name == "none" ? nil : name
        }
        var others: [Property: String] = [:]
        for property in Property.others { others[property] = try key(property.name, absent.others[property]) }
        var keys = LabelKeys(
            energy: try key("energy", absent.energy), forces: try key("forces", absent.forces),
            stress: try key("stress", absent.stress), virial: try key("virial", absent.virial),
            others: others)
        keys.unstated = absent.unstated
        keys.keepsUnconverged = absent.keepsUnconverged
        keys.weight = try key("weight", absent.weight)
        keys.forceWeights = try key("force_weights", absent.forceWeights)
        return keys
    }

    /// What its settings make of the labels of an entry; offsets that are fitted are added later.
    func adjustment(of entry: DataEntry) -> LabelAdjustment {
        var adjustment = LabelAdjustment()
        adjustment.weight = entry.weight
        adjustment.configType = entry.configType
        adjustment.without = entry.without
        adjustment.withoutByConfigType = without
        adjustment.masksFixedAtoms = masksFixedAtoms
        if case .given(let numbers) = entry.offsets { adjustment.offsets = numbers }
        for case (let kind, .given(let numbers)) in offsets { adjustment.offsetsByConfigType[kind] = numbers }
        return adjustment
    }
}
