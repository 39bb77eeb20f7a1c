import Files
import Foundation
import Testing

@testable import Settings

/// Line numbers below count from the first line of this text.
private let training = """
    output: runs/silicon
    seed: 1_000
    model:
      r_max: 5.0
      l_max: 2
      parity: true
      precision: float32
      num_features: [64, 32, 16]
      radial: {knots: 256, p: 6}
    loss:
      energy: 1
      forces: 10.5
    per_type_energy_shifts: {Si: -107.0, "No": 2, Y: null}
    timestep: 0.5 fs
    walltime: 2 h
    zbl: null
    steps: 1e6
    """

private func read(_ text: String, overrides: [String] = []) throws -> Settings {
    try Settings(text: text, named: "train.yaml", overrides: overrides)
}

private enum Precision: String, CaseIterable { case float32, float64 }

@Suite struct SettingsTests {
    @Test func valuesAreReadAsWhatTheyShouldBe() throws {
        let settings = try read(training)
        #expect(try settings.string("output") == "runs/silicon")
        #expect(try settings.integer("seed") == 1000)
        #expect(try settings.integer("steps", in: .positive) == 1_000_000)
        #expect(try settings.quantity("timestep", .time) == 0.5)
        #expect(try settings.quantity("walltime", .duration) == 7200)

        let model = try settings.section("model")
        #expect(try model.double("r_max", in: 0.1...20) == 5)
        #expect(try model.integer("l_max", in: 0...4) == 2)
        #expect(try model.boolean("parity"))
        #expect(try model.choice("precision", ["float32", "float64"]) == "float32")
        #expect(try model.choice("precision", of: Precision.self) == .float32)
        #expect(try model.value("num_features").list().map { try $0.integer() } == [64, 32, 16])
        #expect(try model.oneOrMore("num_features").count == 3)
        #expect(try model.oneOrMore("l_max").map { try $0.integer() } == [2])
        #expect(try model.section("radial").integer("knots") == 256)
        #expect(try model.section("radial").path == "model.radial")

        let loss = try settings.value("loss")
        #expect(loss.isSection && !loss.isScalar)
        #expect(try loss.section().double("forces") == 10.5)
    }

    @Test func absentKeysTakeTheirDefaults() throws {
        let settings = try read("zbl: null\nempty:\ntilde: ~")
        for key in ["zbl", "empty", "tilde", "missing"] {
            #expect(settings.optional(key) == nil)
            #expect(try settings.string(key, default: "a") == "a")
            #expect(try settings.boolean(key, default: false) == false)
            #expect(try settings.double(key, default: 2) == 2)
            #expect(try settings.integer(key, default: 3) == 3)
            #expect(try settings.quantity(key, .time, default: 4) == 4)
            #expect(try settings.choice(key, of: Precision.self, default: .float64) == .float64)
            #expect(try settings.choice(key, ["x"], default: "x") == "x")
            #expect(try settings.optionalSection(key) == nil)
            #expect(try settings.sectionOrEmpty(key).integer("x", default: 5) == 5)
        }
        try settings.finish()
        try read("").finish()
        try read("# nothing but a comment").finish()
    }

    @Test func keysThatAreDataAreListedInOrder() throws {
        let settings = try read(training)
        let shifts = try settings.section("per_type_energy_shifts")
        #expect(shifts.keys == ["Si", "No", "Y"])
        #expect(try shifts.entries().prefix(2).map { try $0.value.double() } == [-107, 2])
        #expect(throws: SettingsError.self) { try shifts.entries()[2].value.double() }
    }

    @Test func finishAcceptsWhatWasAskedFor() throws {
        let settings = try read("a: 1\nsection: {b: 2}\nitems: [{c: 3}, {c: 4}]\ndata: {x: {y: 1}}")
        _ = try settings.integer("a")
        _ = try settings.section("section").integer("b")
        for item in try settings.value("items").list() { _ = try item.section().integer("c") }
        _ = settings.optional("data")?.isSection
        try settings.finish()
    }

    @Test func overridesReplaceAndAdd() throws {
        let settings = try read(
            training,
            overrides: [
                "model.r_max=4.5", "model.num_features=32", "new.deep.key=[1, 2]", "output=", "model.r_max=4",
            ])
        #expect(try settings.section("model").double("r_max") == 4)
        #expect(try settings.section("model").value("num_features").integer() == 32)
        #expect(try settings.section("model").integer("l_max") == 2)
        #expect(try settings.section("new").section("deep").value("key").list().count == 2)
        #expect(settings.optional("output") == nil)
        #expect(try read("a: null", overrides: ["a.b=1"]).section("a").integer("b") == 1)
        #expect(try read("", overrides: ["url=a=b"]).string("url") == "a=b")
    }

    @Test func printedSettingsReadBackAsTheSame() throws {
        let settings = try read(
            training + "\nquoted: \"5\"\nlines: |\n  one\n  two: \"2\"\nodd: [yes, .5, +1, 'null', 'a, b', é]\n"
                + "empty_list: []\nempty_section: {}\nnothing:", overrides: ["model.l_max=3"])
        let again = try read(settings.yaml())
        #expect(try again.yaml() == settings.yaml())
        #expect(again.changes(since: settings) == [] && again.keys == settings.keys)
        #expect(try again.section("model").integer("l_max") == 3)
        #expect(try again.quantity("timestep", .time) == 0.5)
        #expect(try again.integer("seed") == 1000)
        #expect(try again.string("lines") == "one\ntwo: \"2\"\n")
        #expect(try again.value("odd").list()[1].double() == 0.5)
        #expect(try again.value("odd").list()[3].string() == "null")
        #expect(again.optional("zbl") == nil && again.optional("nothing") == nil)
    }

    @Test func changesNameKeysAndBothValues() throws {
        let before = try read("a: 1\nsection: {b: 2, gone: x}\nitems: [1, 2]\nempty:")
        let now = try read("section: {b: 3, new: y}\na: 1\nitems: [1, 3]")
        #expect(
            now.changes(since: before).map(\.description) == [
                "items: [1, 2] → [1, 3]", "section.b: 2 → 3", "section.gone: x → not given",
                "section.new: not given → y",
            ])
    }

    /// Two texts are compared by what the code that reads them makes of them.
    @Test func changesAreOfMeaningAndNotOfSpelling() throws {
        func read(_ text: String) throws -> Settings {
            let settings = try Settings(text: text, named: "md.yaml")
            _ = try settings.quantity("timestep", .time)
            _ = try settings.boolean("wrap", default: false)
            _ = try settings.sectionOrEmpty("guards").double("factor", default: 1)
            _ = try settings.optional("copies")?.oneOrMore().map { try $0.integer() }
            settings.note("format", standsFor: "netcdf")
            return settings
        }
        let before = try read("timestep: 0.001 ps\ncopies: [2, 1e0]")
        let same = try read("timestep: 1.0 fs\nwrap: False\nguards: {factor: 1.0}\ncopies: [2, 1]\nformat: netcdf")
        #expect(same.changes(since: before) == [] && before.changes(since: same) == [])
        let other = try read("timestep: 2\nwrap: true\nguards: {factor: 0.9}")
        #expect(
            other.changes(since: before).map(\.description) == [
                "copies: [2, 1e0] → not given", "guards.factor: 1.0 → 0.9", "timestep: 0.001 ps → 2",
                "wrap: false → true",
            ])
    }

    @Test func aContinuationRefusesListsOrPassesOverAChange() throws {
        let rules = ContinuationRules([
            "steps": .expected, "structure": .withoutEffect("the checkpoint holds the atoms"),
            "trajectory": .refused("begin another file"), "trajectory.every": .listed,
        ])
        let before = try read("steps: 10\nstructure: a.xyz\nseed: 1\ntrajectory: {every: 1, wrap: true}")
        let now = try read("steps: 20\nstructure: b.xyz\nseed: 2\ntrajectory: {every: 2, wrap: true}")
        #expect(
            try rules.changes(from: before, to: now) == [
                "seed: 1 → 2", "structure: a.xyz → b.xyz (without effect: the checkpoint holds the atoms)",
                "trajectory.every: 1 → 2",
            ])
        let error = #expect(throws: SettingsError.self) {
            try rules.changes(from: before, to: read("seed: 1\ntrajectory:\n  every: 1\n  wrap: false"))
        }
        #expect(error?.line == 4 && error?.key == "trajectory.wrap")
        #expect(error?.message == "expected true, as in the checkpoint, found false: begin another file")
    }

    @Test func filesAreRead() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "apus-\(UUID()).yaml").path
        try Data("a: 1".utf8).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(try Settings(contentsOf: path, overrides: ["b=2"]).integer("b") == 2)

        try Data([0x61, 0x3a, 0xff, 0xfe]).write(to: URL(fileURLWithPath: path))
        expectError(.unreadable, "\(path): is not a UTF-8 text") { _ = try Settings(contentsOf: path) }
        expectError(.unreadable, "nowhere.yaml: no such file") { _ = try Settings(contentsOf: "nowhere.yaml") }
        expectError(.unreadable, "/tmp: is a folder, expected a file of settings (YAML)") {
            _ = try Settings(contentsOf: "/tmp")
        }
    }
}

@Suite struct QuantityTests {
    @Test(arguments: [
        ("1 fs", Quantity.time, 1.0), ("0.5 ps", .time, 500), ("2", .time, 2), ("1e-1ns", .time, 1e5),
        ("5 min", .duration, 300), ("2 h", .duration, 7200), ("1.5d", .duration, 129_600),
        ("300 K", .temperature, 300),
        ("1 / ps", .rate, 1e-3), ("1/ps", .rate, 1e-3), ("0.01 1/fs", .rate, 0.01), ("0.01", .rate, 0.01),
        ("2 ps^-1", .rate, 2e-3), ("5 Å", .length, 5), ("0.5nm", .length, 5), ("2 bohr", .length, 1.058354421806),
        ("1 bar", .pressure, 1e-4), ("-10 MPa", .pressure, -0.01), ("1 eV/Å^3", .pressure, 160.2176634),
        ("2 eV", .energy, 2), ("2e3 meV", .energy, 2), ("1 Ha", .energy, 27.211386245988),
    ])
    func unitsAreConverted(_ text: String, _ quantity: Quantity, _ expected: Double) throws {
        let value = try read("x: \(text)").quantity("x", quantity)
        #expect(abs(value - expected) <= 4 * expected.ulp.magnitude)
    }

    @Test(arguments: [
        ("1 mPa", Quantity.pressure, SettingsError.Code.unknownUnit, "found the unit 'mPa'"),
        ("1 ps", .temperature, .unknownUnit, "expected a temperature in K, found the unit 'ps'"),
        ("1 fs", .rate, .unknownUnit, "expected a rate in 1/fs, 1/ps or 1/ns, found the unit 'fs'"),
        ("1 1/fs", .time, .unknownUnit, "found the unit '1/fs'"),
        ("fs", .time, .wrongType, "expected a time 0…10 such as '1 fs', found 'fs'"),
        ("nan fs", .time, .wrongType, "found 'nan fs'"),
        ("1e999 fs", .time, .wrongType, "found '1e999 fs'"),
        ("[1]", .time, .wrongType, "found a list"),
        ("1 ps", .time, .outOfRange, "expected a time 0…10 (in fs), found '1 ps'"),
    ])
    func wrongQuantitiesAreNamed(
        _ text: String, _ quantity: Quantity, _ code: SettingsError.Code, _ words: String
    ) throws {
        let error = try #require(throws: SettingsError.self) {
            try read("x: \(text)").quantity("x", quantity, in: 0...10)
        }
        #expect(error.code == code)
        #expect(error.description.hasPrefix("train.yaml:1: x: ") && error.description.contains(words), "\(error)")
    }
}

@Suite struct SettingsErrorTests {
    @Test func wrongTypesAreNamedWithTheirLine() throws {
        let settings = try read(training)
        let model = try settings.section("model")
        expectError(.wrongType, "train.yaml:7: model.precision: expected an integer 0…4, found 'float32'") {
            _ = try model.integer("precision", in: 0...4)
        }
        expectError(.wrongType, "train.yaml:7: model.precision: expected a number above 0, found 'float32'") {
            _ = try model.double("precision", in: .positive)
        }
        expectError(.wrongType, "train.yaml:4: model.r_max: expected true or false, found '5.0'") {
            _ = try model.boolean("r_max")
        }
        expectError(.wrongType, "train.yaml:8: model.num_features: expected a text, found a list") {
            _ = try model.string("num_features")
        }
        expectError(.wrongType, "train.yaml:3: model: expected a list, found a section") {
            _ = try settings.value("model").list()
        }
        expectError(.wrongType, "train.yaml:1: output: expected a section, found 'runs/silicon'") {
            _ = try settings.section("output")
        }
        expectError(.wrongType, "train.yaml:8: model.num_features[1]: expected true or false, found '32'") {
            _ = try model.value("num_features").list()[1].boolean()
        }
        expectError(.wrongType, "train.yaml:10: loss: expected one of a, b, found a section") {
            _ = try settings.choice("loss", ["a", "b"])
        }
        for text in ["1.5", "1e40", "nan", "\"two\"", "9223372036854775808", "_"] {
            let settings = try read("n: \(text)")
            #expect(throws: SettingsError.self) { try settings.integer("n") }
        }
        for text in ["inf", "nan", "1e999", "1 2", "0.1.2"] {
            let settings = try read("n: \(text)")
            #expect(throws: SettingsError.self) { try settings.double("n") }
        }
    }

    @Test func valuesOutOfRangeAreNamed() throws {
        let model = try read(training).section("model")
        expectError(.outOfRange, "train.yaml:4: model.r_max: expected a number 0.1…4, found '5.0'") {
            _ = try model.double("r_max", in: 0.1...4)
        }
        expectError(.outOfRange, "train.yaml:5: model.l_max: expected an integer of at least 3, found '2'") {
            _ = try model.integer("l_max", in: 3...Int.max)
        }
        expectError(
            .outOfRange,
            "train.yaml:7: model.precision: expected one of float64, float16, found 'float32'; did you mean 'float64'?"
        ) {
            _ = try model.choice("precision", ["float64", "float16"])
        }
        expectError(.outOfRange, "train.yaml:5: model.l_max: expected an even degree") {
            throw try model.value("l_max").error("expected an even degree")
        }
    }

    @Test func missingKeysAreNamed() throws {
        let settings = try read("model:\n  rmax: 5")
        expectError(.missingKey, "train.yaml: output: missing, expected a text") { _ = try settings.string("output") }
        expectError(
            .missingKey,
            "train.yaml:1: model.r_max: missing, expected a number 1…9; did you misspell it as 'rmax' on line 2?"
        ) {
            _ = try settings.section("model").double("r_max", in: 1...9)
        }
        expectError(.missingKey, "train.yaml:1: model.l: missing, expected an integer") {
            _ = try settings.section("model").integer("l")
        }
    }

    @Test func unknownKeysAreNamedWithWhatIsAllowed() throws {
        let settings = try read("seed: 1\nmodel:\n  r_max: 4\n  r_maxx: 5")
        _ = try settings.integer("seed")
        expectError(.unknownKey, "train.yaml:2: model: unknown key; allowed: seed") { try settings.finish() }
        let model = try settings.section("model")
        _ = try (model.double("r_max"), model.integer("l_max", default: 1))
        expectError(
            .unknownKey, "train.yaml:4: model.r_maxx: unknown key; did you mean 'r_max'? allowed: r_max, l_max"
        ) { try settings.finish() }

        let list = try read("items: [{a: 1}, {b: 1}]")
        for item in try list.value("items").list() { _ = try item.section().integer("a", default: 1) }
        expectError(.unknownKey, "train.yaml:1: items[1].b: unknown key; did you mean 'a'? allowed: a") {
            try list.finish()
        }
        let overridden = try read("", overrides: ["sed=1"])
        _ = try overridden.integer("seed", default: 1)
        expectError(.unknownKey, "override 'sed=1': sed: unknown key; did you mean 'seed'? allowed: seed") {
            try overridden.finish()
        }
    }

    @Test func duplicateKeysAreNamedWithBothLines() {
        expectError(.duplicateKey, "train.yaml:4: b: appears twice, first on line 2") {
            _ = try read("a:\n  b: 1\n  c: {b: 2}\n  b: 3\nb: 4")
        }
        expectError(.duplicateKey, "train.yaml:1: b: appears twice, first on line 1") { _ = try read("{b: 1, b: 2}") }
        expectError(.duplicateKey, "train.yaml:2: 1: appears twice, first on line 1") {
            _ = try read("1: a\n\"1\": b")
        }
    }

    @Test func syntaxErrorsAreNamedWithTheirLine() {
        expectError(.syntax, "train.yaml:2: not valid YAML: mapping values are not allowed in this context") {
            _ = try read("a: 1\nb: c: 2\n")
        }
        expectError(.syntax, "train.yaml:1: expected lines 'key: value', found a list") { _ = try read("- 1\n- 2") }
        expectError(.syntax, "train.yaml:1: expected lines 'key: value', found 'word'") { _ = try read("word") }
        expectError(.syntax, "train.yaml:1: expected a word as key") { _ = try read("[1, 2]: 3") }
        for text in [
            "a: [1, 2", "a: \"b", "\ta: 1", "a: *b", "a: 1\n---\nb: 2", "a: \u{1}",
            String(repeating: "[", count: 100_000),
        ] {
            let error = #expect(throws: SettingsError.self) { try read(text) }
            #expect(error?.code == .syntax)
            #expect(error?.line != nil)
            #expect(error?.description.contains(where: \.isNewline) == false)
        }
    }

    @Test func aliasesCannotExpandWithoutEnd() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for i in 1...9 {
            text += "a\(i): &a\(i) [" + Array(repeating: "*a\(i - 1)", count: 10).joined(separator: ", ") + "]\n"
        }
        let error = #expect(throws: SettingsError.self) { try read(text) }
        #expect(error?.message == "expected at most 100000 values")
    }

    @Test func malformedOverridesAreNamed() {
        expectError(.malformedOverride, "override 'r_max': expected KEY=VALUE") {
            _ = try read("", overrides: ["r_max"])
        }
        for text in ["=1", "a..b=1", ".a=1", "a b=1"] {
            let error = #expect(throws: SettingsError.self) { try read("", overrides: [text]) }
            #expect(error?.code == .malformedOverride)
        }
        expectError(.malformedOverride, "override 'a.b=1': a.b: expected a section before the last key") {
            _ = try read("a: 1", overrides: ["a.b=1"])
        }
        expectError(.wrongType, "override 'a=two': a: expected an integer, found 'two'") {
            _ = try read("a: 1", overrides: ["a=two"]).integer("a")
        }
        let error = #expect(throws: SettingsError.self) { try read("", overrides: ["a=[1"]) }
        #expect(error?.code == .syntax)
    }

    @Test func suggestionsAreCloseWords() {
        #expect(nearest(to: "learning-rate", among: ["learning_rate", "rate"]) == "learning_rate")
        #expect(nearest(to: "lmax", among: ["r_max", "l_max"]) == "l_max")
        #expect(nearest(to: "fsot", among: ["fast", "soft", "fost"]) == "fost")
        #expect(nearest(to: "cutoff", among: ["r_max", "seed"]) == nil)
        #expect(nearest(to: "x", among: []) == nil)
    }
}

private func expectError(
    _ code: SettingsError.Code, _ description: String, at location: SourceLocation = #_sourceLocation,
    _ body: () throws -> Void
) {
    let error = #expect(throws: SettingsError.self, sourceLocation: location, performing: body)
    #expect(error?.code == code, sourceLocation: location)
    #expect(error?.description == description, sourceLocation: location)
}
