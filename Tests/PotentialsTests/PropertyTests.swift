import Atoms
import Compute
import Foundation
import Interactions
import Layers
import Neighbors
import Testing

@testable import Models
@testable import Potentials

/// Properties beside energies: they turn with the structure, and what is not predicted is not given.
@Suite struct PredictedProperties {
    private static let properties: [Property] = [.dipole, .charges, .atomicDipoles]

    private func potential(_ properties: [Property], lMax: Int = 2, parity: Bool = true) throws -> Potential {
        let sample = ModelSample("with heads") {
            ($0.nequip.lMax, $0.nequip.parity, $0.nequip.numFeatures) = (
                lMax, parity, Array(repeating: 5, count: lMax + 1)
            )
            $0.outputs = properties.map {
                $0 == .energy ? .energy : Output($0, scale: 0.3, perTypeShifts: $0 == .charges ? [0.9, -0.9] : [])
            }
        }
        return try sample.potential()
    }

    private func evaluate(_ potential: Potential, _ structure: Structure) throws -> InteractionResult {
        var result = InteractionResult()
        result.wantsProperties = true
        let interaction = try potential.interaction(parallelism: .serial)
        try interaction.evaluate(Configuration(structure, cutoff: interaction.cutoff), into: &result)
        return result
    }

    private func vector(_ numbers: [Double], _ place: Int = 0) -> SIMD3<Double> {
        SIMD3(numbers[3 * place], numbers[3 * place + 1], numbers[3 * place + 2])
    }

    @Test(arguments: [(1, true), (1, false), (2, true), (3, false)])
    func theyTurnAndMoveWithTheStructure(_ lMax: Int, _ parity: Bool) throws {
        let potential = try potential(Self.properties, lMax: lMax, parity: parity)
        var cluster = ModelSample.cluster
        cluster.information["charge"] = "1"
        let found = try evaluate(potential, cluster).properties
        let largest = vector(try #require(found[.dipole]))
        #expect(norm(largest) > 0.01 && found[.charges]!.contains { abs($0) > 0.01 })
        // An improper rotation: turned about (1, 2, 3) and inverted.
        let axis = SIMD3(1.0, 2, 3) / 14.0.squareRoot()
        func turned(_ v: SIMD3<Double>) -> SIMD3<Double> {
            let (c, s) = (cos(0.7), sin(0.7))
            let cross = SIMD3(
                axis.y * v.z - axis.z * v.y, axis.z * v.x - axis.x * v.z, axis.x * v.y - axis.y * v.x)
            return -(v * c + cross * s + axis * dot(axis, v) * (1 - c))
        }
        var other = cluster
        other.positions = cluster.positions.map { turned($0) + SIMD3(3, -2, 8) }
        let again = try evaluate(potential, other).properties
        #expect(norm(vector(again[.dipole]!) - turned(largest)) < 1e-12)
        for atom in 0..<cluster.count {
            #expect(abs(again[.charges]![atom] - found[.charges]![atom]) < 1e-12)
            let (a, b) = (vector(found[.atomicDipoles]!, atom), vector(again[.atomicDipoles]!, atom))
            #expect(norm(turned(a) - b) < 1e-12)
        }
    }

    /// Several structures in one call have what each has alone, and a committee the mean of its members.
    @Test func batchesAndCommittees() throws {
        let one = try potential(Self.properties)
        var two = one
        two.members[0] = ParameterSet(try Model(one.configuration).parameters, seed: 17)
        let committee = try Potential(joining: [one, two])
        let structures = [ModelSample.cluster, ModelSample.crystal, ModelSample.cluster]
        let evaluator = Evaluator(try committee.interaction(parallelism: .serial), parallelism: .serial)
        let results = try evaluator.evaluate(structures, wantsProperties: true)
        for (structure, result) in zip(structures, results) {
            let members = try [one, two].map { try evaluate($0, structure).properties }
            for (property, values) in result.properties {
                let mean = zip(members[0][property]!, members[1][property]!).map { ($0 + $1) / 2 }
                #expect(zip(values, mean).allSatisfy { abs($0 - $1) < 1e-12 }, "\(property)")
            }
        }
        #expect(results[0].properties[.dipole] != nil && results[1].properties[.dipole] == nil)
    }

    @Test func energiesDoNotDependOnWhetherPropertiesAreAskedFor() throws {
        let potential = try potential([.energy] + Self.properties)
        let interaction = try potential.interaction(parallelism: .serial)
        let configuration = try Configuration(ModelSample.crystal, cutoff: interaction.cutoff)
        var (plain, all) = (InteractionResult(), InteractionResult())
        all.wantsProperties = true
        try interaction.evaluate(configuration, into: &plain)
        try interaction.evaluate(configuration, into: &all)
        #expect(plain.energy == all.energy && plain.forces == all.forces && plain.properties.isEmpty)
        #expect(all.properties[.charges]?.count == ModelSample.crystal.count)
        try interaction.evaluate(configuration, into: &plain)
        #expect(plain.properties.isEmpty)
    }

    @Test(arguments: [[Property.dipole], [.energy, .dipole, .charges]])
    func theyAreInThePotentialFileAndItsReferences(_ properties: [Property]) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "apus-\(UUID().uuidString).safetensors")
            .path
        defer { try? FileManager.default.removeItem(atPath: path) }
        var potential = try potential(properties)
        var ion = ModelSample.cluster
        ion.information["charge"] = "-2"
        let interaction = try potential.interaction(parallelism: .serial)
        potential.references = try [ModelSample.crystal, ion].map { try ReferenceStructure($0, under: interaction) }
        try potential.write(to: path)
        let read = try Potential(verifying: path)
        #expect(read.configuration == potential.configuration && read.references == potential.references)
        #expect(
            read.properties == (properties.contains(.energy) ? Property.ofEnergySurface : [])
                + properties.filter { $0 != .energy })
        // Older programs must not take it for a potential of energies alone.
        #expect(try read.encoded().metadata["format_version"] == "3")
        #expect(try ModelSample.all[1].potential().encoded().metadata["format_version"] == "1")
        var wrong = potential
        wrong.references[1].structure.properties[.dipole]![1] += 0.01
        try wrong.write(to: path)
        let error = #expect(throws: PotentialError.self) { try Potential(verifying: path) }
        #expect(error?.message.contains("dipole") == true)
    }

    @Test func whatIsNotPredictedIsNotGiven() throws {
        let potential = try potential([.dipole])
        let interaction = try potential.interaction(parallelism: .serial)
        #expect(interaction.properties == [.dipole])
        var result = InteractionResult()
        let error = #expect(throws: InteractionError.self) {
            try interaction.evaluate(Configuration(ModelSample.cluster, cutoff: interaction.cutoff), into: &result)
        }
        #expect(error?.code == .notPredicted && error?.message.contains("predicts dipole") == true)
        let refusal = #expect(throws: PotentialError.self) { try potential.requireEnergies(for: "this") }
        #expect(refusal?.message.contains("no energies or forces, which this needs") == true)
        // A part of a structure has no dipole.
        let domain = Configuration(
            ofHost: ModelSample.cluster.elements,
            edges: try Configuration(ModelSample.cluster, cutoff: interaction.cutoff).edges)
        result.wantsProperties = true
        #expect(throws: InteractionError.self) { try interaction.evaluate(domain, into: &result) }
    }

    @Test func vectorsNeedFeaturesOfDegreeOne() throws {
        let error = #expect(throws: ModelError.self) { try potential([.dipole], lMax: 0, parity: false) }
        #expect(error?.message.contains("l_max: expected at least 1 for atomic_dipoles") == true)
        #expect(throws: Never.self) { try potential([.charges], lMax: 0, parity: false) }
    }
}
