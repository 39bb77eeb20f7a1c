import Atoms
import Compute

import Foundation
import Testing

@testable import Files
@testable import Layers
@testable import Models
@testable import Potentials

/// The potential file: what is written is what is read, and nothing that a file says does harm.
@Suite struct PotentialFiles {
    private static func potential(_ precision: Potential.Precision = .float32) throws -> Potential {
        var potential = try ModelSample.all[1].potential(precision)
        if precision == .float32 {
            potential.parameters.values = potential.parameters.values.map { Double(Float($0)) }
        }
        potential.shortestDistances = ["Na-Cl": 2.3456789012345678]
        potential.provenance.trainingConfiguration = "model: {r_max: 4}\n# ünïcode \"quotes\"\n"
        potential.provenance.data = [.init(name: "a.xyz", sha256: "00ff", structures: 3)]
        potential.provenance.validationErrors = ["energy_mae_mev_per_atom": 0.1]
        let interaction = try potential.interaction(parallelism: .serial)
        potential.references = try [ModelSample.crystal, ModelSample.cluster].map {
            try ReferenceStructure($0, under: interaction)
        }
        return potential
    }

    private func withFile<R>(_ body: (String) throws -> R) throws -> R {
        let path = FileManager.default.temporaryDirectory.appending(path: "apus-\(UUID().uuidString).safetensors")
            .path
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try body(path)
    }

    // MARK: Round trips

    @Test(arguments: Potential.Precision.allCases) func everythingReadsBackBitByBit(_ precision: Potential.Precision)
        throws
    {
        let potential = try Self.potential(precision)
        try withFile { path in
            try potential.write(to: path)
            let read = try Potential(verifying: path)
            #expect(read.parameters == potential.parameters)
            #expect(read.configuration == potential.configuration && read.precision == precision)
            #expect(read.provenance == potential.provenance)
            #expect(read.shortestDistances == potential.shortestDistances)
            #expect(read.references == potential.references)
            #expect(try read.encoded().encoded() == potential.encoded().encoded())
        }
    }

    @Test func theSamePotentialGivesTheSameBytes() throws {
        let bytes = try Self.potential().encoded().encoded()
        for _ in 0..<5 { #expect(try Self.potential().encoded().encoded() == bytes) }
        #expect(bytes.count < 40_000)
    }

    @Test func aFileIsReplacedWholeOrNotAtAll() throws {
        let potential = try Self.potential()
        #expect(throws: SystemError.self) { try potential.write(to: "/nowhere/potential.safetensors") }
        try withFile { path in
            try potential.write(to: path)
            try potential.write(to: path)
            _ = try Potential(verifying: path)
        }
    }

    /// What reading does not compute with is under a checksum too; files of Apus 0.1, which have none, still load.
    @Test func alteredMetadataAreFoundByReading() throws {
        let file = try Self.potential().encoded()
        for (key, old, new) in [
            ("shortest_distances", "2.34", "0.34"), ("provenance", "a.xyz", "b.xyz"),
            ("precision", "float32", "float64"),
        ] {
            var altered = file
            altered.metadata[key] = file.metadata[key]!.replacingOccurrences(of: old, with: new)
            #expect(altered.metadata[key] != file.metadata[key])
            let error = #expect(throws: PotentialError.self, "\(key)") { try Potential(altered) }
            #expect(error?.message.contains("metadata are not those that were written") == true)
            altered.metadata["checksum"] = nil
            _ = try Potential(altered)
        }
        let read = try Potential(file)
        #expect(read.checksum == file.metadata["checksum"] && read.checksum?.count == 64)
    }

    /// A pair of elements that the data never had close gets half the sum of covalent radii (Na 1.66 Å, Cl 1.02 Å).
    @Test func pairsWithoutADistanceHaveAnAssumedOne() throws {
        var potential = try Self.potential()
        let (sodium, chlorine) = (Element("Na")!, Element("Cl")!)
        #expect(potential.pairsWithoutDistances == ["Na-Na", "Cl-Cl"])
        let limits = potential.minimumDistances
        #expect(!limits.isAssumed(sodium, chlorine) && limits.isAssumed(sodium, sodium))
        #expect(
            abs(limits[sodium, chlorine] - 2.3456789012345678) < 1e-12 && abs(limits[sodium, sodium] - 1.66) < 1e-12)
        potential.shortestDistances = [:]
        #expect(abs(potential.minimumDistances[sodium, chlorine] - 1.34) < 1e-12)
    }

    // MARK: Damage that is found by computing

    /// Any one number, changed in its last bit, is found by the hash.
    @Test func aChangedNumberIsFoundByReading() throws {
        let file = try Self.potential().encoded()
        for (name, tensor) in file.tensors {
            for place in [0, tensor.bytes.count / 2, tensor.bytes.count - 1] {
                var changed = file
                changed.tensors[name]!.bytes[tensor.bytes.startIndex + place] ^= 1
                #expect(throws: PotentialError.self, "\(name) byte \(place)") { try Potential(changed) }
            }
        }
    }

    /// A program that computes wrongly is found by the references: any array of weights made half as large again.
    @Test func aChangedArrayOfWeightsIsFoundByVerifying() throws {
        let potential = try Self.potential()
        try potential.verify()
        for parameter in potential.parameters.parameters where parameter.isTrainable {
            var changed = potential
            let offset = potential.parameters.offsets[
                potential.parameters.parameters.firstIndex { $0.name == parameter.name }!]
            for element in 0..<parameter.count { changed.parameters.values[offset + element] *= 1.5 }
            #expect(throws: PotentialError.self, "\(parameter.name)") { try changed.verify() }
        }
        var shifted = potential
        shifted.configuration.perTypeEnergyShifts[0] += 0.01
        #expect(throws: PotentialError.self) { try shifted.verify() }
    }

    @Test func aPotentialWithoutItsReferencesIsNotVerified() throws {
        var potential = try Self.potential()
        potential.references.removeLast()
        try withFile { path in
            try potential.write(to: path)
            let error = #expect(throws: PotentialError.self) { try Potential(verifying: path) }
            #expect(error?.message.contains("1 reference structures, expected 2") == true)
        }
    }

    @Test func verifyingNamesTheFileAndBothEnergies() throws {
        var potential = try Self.potential()
        potential.configuration.perTypeEnergyShifts[0] += 1
        try withFile { path in
            try potential.write(to: path)
            _ = try Potential(contentsOf: path)
            let error = #expect(throws: PotentialError.self) { try Potential(verifying: path) }
            #expect(error?.message.hasPrefix(path) == true && error?.message.contains("damaged") == true)
        }
    }

    // MARK: Files that say something else

    struct Lie: CustomTestStringConvertible, Sendable {
        var testDescription: String
        /// What the message names.
        var named: String
        var change: @Sendable (inout Safetensors) throws -> Void

        init(_ name: String, naming named: String, _ change: @escaping @Sendable (inout Safetensors) throws -> Void) {
            (testDescription, self.named, self.change) = (name, named, change)
        }

        /// A model of other hyperparameters than the weights.
        static func model(_ from: String, _ to: String, naming named: String = "") -> Lie {
            Lie("\(from) → \(to)", naming: named) { file in
                let text = file.metadata["model"]!
                let changed = text.replacingOccurrences(of: from, with: to)
                try #require(text != changed)
                file.metadata["model"] = changed
            }
        }
    }

    private static let weight = "weights.layer0_convnet.conv.linear_1.weight"

    static let lies = [
        Lie("no format", naming: "format") { $0.metadata["format"] = nil },
        Lie("another format", naming: "apus-potential") { $0.metadata["format"] = "apus-checkpoint" },
        Lie("another version", naming: "format version 5") { $0.metadata["format_version"] = "5" },
        Lie("a committee of nobody knows how many", naming: "committee") { $0.metadata["format_version"] = "2" },
        Lie("a committee without members", naming: "member.0.weights.") {
            ($0.metadata["format_version"], $0.metadata["members"]) = ("2", "2")
        },
        Lie("no model", naming: "model") { $0.metadata["model"] = nil },
        Lie("a model that is no JSON", naming: "model") { $0.metadata["model"] = "{" },
        Lie("no precision", naming: "precision") { $0.metadata["precision"] = nil },
        Lie("a precision that is none", naming: "float16") { $0.metadata["precision"] = "float16" },
        Lie("no units", naming: "units") { $0.metadata["units"] = nil },
        Lie("other units", naming: "hartree") {
            $0.metadata["units"] = $0.metadata["units"]!.replacingOccurrences(of: "\"eV\"", with: "\"hartree\"")
        },
        Lie("elements that are not the model's", naming: "Cl Na") { $0.metadata["elements"] = "Cl Na" },
        Lie("no provenance", naming: "provenance") { $0.metadata["provenance"] = nil },
        Lie("a missing array", naming: "linear_1") { $0.tensors[weight] = nil },
        Lie("an array too short", naming: "linear_1") { $0.set(weight, [1, 2], shape: [2]) },
        Lie("an array that is empty", naming: "linear_1") { $0.set(weight, [], shape: [0, 5]) },
        Lie("a distance that is none", naming: "shortest_distances") {
            $0.metadata["shortest_distances"] = #"{"Na-Cl":-1}"#
        },
        Lie("a distance of no elements", naming: "shortest_distances") {
            $0.metadata["shortest_distances"] = #"{"Na-Xx":1}"#
        },
        Lie("a reference with neighbours without end", naming: "too many") {
            $0.set("reference.0.cell", [0.12, 0, 0, 0, 0.12, 0, 0, 0, 0.12], shape: [3, 3])
        },
        Lie("a reference that is nowhere", naming: "not finite") { file in
            var values = try file.values("reference.1.positions")
            values[0] = .nan
            file.set("reference.1.positions", values, shape: [values.count / 3, 3])
        },
        Lie("another hash", naming: "SHA-256") { $0.metadata["sha256"] = "00" },
        Lie("a weight that is no number", naming: "not finite") { file in
            var values = try file.values(weight)
            values[3] = .nan
            file.set(weight, values, shape: [values.count], as: .float32)
        },
        Lie("an infinite weight", naming: "not finite") { file in
            var values = try file.values(weight)
            values[3] = .infinity
            file.set(weight, values, shape: [values.count])
        },
        Lie("a reference without forces", naming: "reference.0.forces") { $0.tensors["reference.0.forces"] = nil },
        Lie("a reference with an unknown element", naming: "atomic_numbers") {
            $0.set("reference.0.atomic_numbers", Array(repeating: 0, count: 8), shape: [8], as: .int32)
        },
        Lie("a reference with too few elements", naming: "differ in length") {
            $0.set("reference.0.atomic_numbers", [11], shape: [1], as: .int32)
        },
        Lie("positions that are no vectors", naming: "vectors") {
            $0.set("reference.1.positions", [1, 2, 3, 4], shape: [4])
        },
        Lie("a cell without volume", naming: "cell") {
            $0.set("reference.0.cell", Array(repeating: 0, count: 9), shape: [3, 3])
        },
        Lie("a cell as flat as paper", naming: "cell") {
            $0.set("reference.0.cell", [5, 0, 0, 0, 5, 0, 0, 0, 1e-4], shape: [3, 3])
        },
        Lie("a cell that is no number", naming: "cell") {
            $0.set("reference.0.cell", [5, 0, 0, 0, .nan, 0, 0, 0, 5], shape: [3, 3])
        },
        Lie.model("\"num_layers\":2", "\"num_layers\":2000", naming: "num_layers"),
        Lie.model("\"num_layers\":2", "\"num_layers\":1e30"),
        Lie.model("\"num_layers\":2", "\"num_layers\":3", naming: "layer1"),
        Lie.model("\"l_max\":1", "\"l_max\":7", naming: "l_max"),
        Lie.model("\"l_max\":1", "\"l_max\":-1", naming: "l_max"),
        Lie.model("\"num_features\":[5,3]", "\"num_features\":[1024,1024]", naming: "weights"),
        Lie.model("\"num_features\":[5,3]", "\"num_features\":[]", naming: "num_features"),
        Lie.model("\"num_features\":[5,3]", "\"num_features\":[5,9223372036854775807]", naming: "num_features"),
        Lie.model("\"type_embed_num_features\":5", "\"type_embed_num_features\":1024"),
        Lie.model("\"radial_mlp_width\":8", "\"radial_mlp_width\":1000000000", naming: "radial_mlp_width"),
        Lie.model("\"radial_mlp_depth\":1", "\"radial_mlp_depth\":8"),
        Lie.model("\"r_max\":4", "\"r_max\":-4", naming: "r_max"),
        Lie.model("\"r_max\":4", "\"r_max\":1e308", naming: "r_max"),
        Lie.model("\"spline_intervals\":384", "\"spline_intervals\":2147483647", naming: "spline_intervals"),
        Lie.model("\"type_names\":[\"Na\",\"Cl\"]", "\"type_names\":[\"Na\",\"na\"]", naming: "type_names"),
        Lie.model("\"type_names\":[\"Na\",\"Cl\"]", "\"type_names\":[]"),
        Lie.model("\"per_type_energy_shifts\":[-3.25,1.125]", "\"per_type_energy_shifts\":[]", naming: "shifts"),
        Lie.model("\"avg_num_neighbors\":[14]", "\"avg_num_neighbors\":[0]", naming: "avg_num_neighbors"),
    ]

    @Test(arguments: lies) func isAnErrorThatNamesTheFile(_ lie: Lie) throws {
        var file = try Self.potential().encoded()
        try lie.change(&file)
        try withFile { path in
            try file.write(to: path)
            let error = #expect(throws: PotentialError.self) { try Potential(contentsOf: path) }
            guard let message = error?.message else { return }
            #expect(message.hasPrefix(path), "\(message)")
            #expect(
                lie.named.isEmpty || message.dropFirst(path.count).contains(lie.named),
                "\(message) does not name \(lie.named)")
            #expect(!message.contains("\n"), "\(message)")
        }
    }

    /// The largest model that a configuration can ask for, in a file of a few bytes, is refused before it takes
    /// memory; and the count that refuses it is the count of the weights.
    @Test(arguments: ModelSample.all) func theNumberOfWeightsIsKnownBeforehand(_ sample: ModelSample) throws {
        #expect(try Model.weightCount(sample.configuration) == Model(sample.configuration).parameterCount)
        var huge = sample.configuration
        (huge.nequip.numLayers, huge.nequip.lMax, huge.nequip.parity) = (20, 4, true)
        huge.nequip.numFeatures = Array(repeating: 1024, count: 5)
        huge.nequip.typeEmbedNumFeatures = 1024
        #expect(try Model.weightCount(huge) > 10_000_000_000)
        var file = try Self.potential().encoded()
        file.metadata["model"] = String(decoding: try JSONEncoder().encode(huge), as: UTF8.self)
        let error = #expect(throws: PotentialError.self) { try Potential(file) }
        #expect(error?.message.contains("weights, but the file holds") == true)
    }

    // MARK: Damaged bytes

    /// Reads bytes as a potential file; anything but success or a `PotentialError` is a failure.
    private func read(_ bytes: Data, _ what: @autoclosure () -> String) -> Bool {
        do {
            let potential = try Potential(Safetensors(bytes))
            try? potential.verify()
            return true
        } catch is PotentialError {
            return false
        } catch is SafetensorsError {
            return false
        } catch {
            Issue.record("\(what()): \(error)")
            return false
        }
    }

    @Test func aFileCutAnywhereIsAnError() throws {
        let bytes = try Self.potential().encoded().encoded()
        let header = 8 + Int(bytes.prefix(8).withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
        for length in Array(0...64) + Array(stride(from: 65, to: header + 40, by: 29))
            + Array(stride(from: header, to: bytes.count, by: 997)) + [bytes.count - 1]
        {
            #expect(!read(Data(bytes.prefix(length)), "cut at \(length)"), "cut at \(length) of \(bytes.count)")
        }
    }

    /// A flipped bit in the header may go unnoticed where it is text for people; it must never crash.
    @Test func flippedBitsNeverCrash() throws {
        let bytes = try Self.potential().encoded().encoded()
        let header = 8 + Int(bytes.prefix(8).withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
        let random = Philox(seed: 5)
        var refused = 0
        for round in 0..<3000 {
            var damaged = bytes
            let draw = random.bits(at: Philox.counter(step: round, index: 0, stream: 3))
            // The header more often than the weights; one byte, or a few.
            for k in 0..<1 + Int(draw.w % 3) {
                let other = random.bits(at: Philox.counter(step: round, index: 1 + k, stream: 3))
                let range = draw.x % 10 < 8 ? header : bytes.count
                let place = round < 64 && k == 0 ? round / 8 : Int(other.x) % range
                damaged[place] ^= UInt8(1 << (other.y % 8))
            }
            if !read(damaged, "round \(round)") { refused += 1 }
        }
        #expect(refused > 1500, "only \(refused) of 3000 were refused")
    }

    /// Digits of the header exchanged for others: sizes, offsets and shapes that lie.
    @Test func changedNumbersNeverCrash() throws {
        let bytes = try Self.potential().encoded().encoded()
        let header = 8 + Int(bytes.prefix(8).withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
        let digits = (8..<header).filter { (0x30...0x39).contains(bytes[$0]) }
        let random = Philox(seed: 6)
        for round in 0..<1500 {
            let draw = random.bits(at: Philox.counter(step: round, index: 0, stream: 3))
            var damaged = bytes
            let place = digits[Int(draw.x) % digits.count]
            if draw.y % 3 == 0 {
                damaged.replaceSubrange(
                    place..<place + 1, with: Data("99999999999999999".prefix(1 + Int(draw.z % 17)).utf8))
                let length = UInt64(header - 8 + damaged.count - bytes.count)
                damaged.replaceSubrange(0..<8, with: withUnsafeBytes(of: length.littleEndian) { Data($0) })
            } else {
                damaged[place] = draw.y % 3 == 1 ? 0x2D : 0x30 + UInt8(draw.z % 10)
            }
            _ = read(damaged, "round \(round)")
        }
    }
}
