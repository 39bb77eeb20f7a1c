import Atoms
import Foundation
import Settings
import StructureFiles

/// The section `data`: which structures train, which validate, and what their labels are called.
public struct DataSettings: Sendable, Equatable {
    /// Files of training structures.
    public var train: [String] = []
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
            public var files: [String]
        }
    }

    public init() {}

    public init(_ data: Settings) throws {
        train = try data.oneOrMore("train").map { try $0.string() }
        guard !train.isEmpty else {
            throw try data.value("train").error("expected a file, a list of files or a pattern, found none")
        }
        if data.optional("train_size") != nil { trainSize = try data.integer("train_size", in: .positive) }
        if let value = data.optional("validation") { validation = try Self.validation(value) }
        if let section = try data.optionalSection("keys") { labels = try Self.labels(section) }
        labels.unstated = try Self.unstated(data)
        if data.optional("cache") != nil { cache = try data.file("cache") }
    }

    /// A fraction below 1, a count, files, or files by the name of a set.
    private static func validation(_ value: SettingsValue) throws -> ValidationSource {
        if value.isSection {
            let sets = try value.section().entries().map { name, files in
                ValidationSource.FileSet(name: name, files: try files.oneOrMore().map { try $0.string() })
            }
            guard !sets.isEmpty else { throw value.error("expected files by the name of a set, found none") }
            return .files(sets)
        }
        if value.isList { return .files([.init(files: try value.list().map { try $0.string() })]) }
        let text = try value.string()
        guard let number = Double(text) else { return .files([.init(files: [text])]) }
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
        return LabelKeys(
            energy: try key("energy", absent.energy), forces: try key("forces", absent.forces),
            stress: try key("stress", absent.stress), virial: try key("virial", absent.virial),
            others: others)
    }
}
