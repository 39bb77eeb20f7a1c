import Atoms
import Compute
import Foundation
import Neighbors
import Testing

@testable import DataSets
@testable import Training

/// Checks of data sets: good data are found good, and every way to spoil them is found by its own check.
@Suite struct DataChecks {
    /// Silicon on springs: at rest in a cell, displaced a little, strained a little, so that energies, forces and
    /// stresses can be compared with each other.
    private static let good: [Structure] = (try? makeGood()) ?? []

    private static func makeGood() throws -> [Structure] {
        try (0..<24).map { index -> Structure in
            var structure = try Samples.diamond(cells: 1, noise: 0.03, seed: UInt64(index))
            guard index >= 12 else { return structure }
            let strain =
                Matrix3.identity
                + Matrix3(
                    SIMD3(0.01 * Double(index % 4), 0.004, 0), SIMD3(0.004, 0.008 * Double(index % 3), 0),
                    SIMD3(0, 0, -0.01))
            let cell = Cell(structure.cell!.vectors * strain)
            structure = try Samples.relabelled(structure.positions.map { $0 * strain }, cell)
            return structure
        }
    }

    private func findings(_ structures: [Structure], files: [String]? = nil) throws -> [Finding] {
        var check = DataCheck(cutoff: 5, parallelism: .serial)
        for (index, structure) in structures.enumerated() {
            let file = files?[index] ?? "a.xyz"
            try check.add(structure, place: "\(file), frame \(index + 1)", file: file)
        }
        return try check.findings()
    }

    /// That there is such a finding, and that nothing else is an error but for another check that sees the same.
    private func expect(
        _ severity: Severity, _ check: String, _ words: String, in structures: [Structure],
        files: [String]? = nil, besides other: String? = nil, _ location: SourceLocation = #_sourceLocation
    ) throws {
        let all = try findings(structures, files: files)
        #expect(
            all.contains { $0.severity == severity && $0.check == check && $0.message.contains(words) },
            "\(all.map { "\($0.severity) \($0.check): \($0.message)" })", sourceLocation: location)
        let others = all.filter { $0.severity == .error && $0.check != check && $0.check != other }
        #expect(others.isEmpty, "\(others)", sourceLocation: location)
    }

    private func changed(_ change: (inout Structure) -> Void) -> [Structure] {
        Self.good.map { structure in
            var structure = structure
            change(&structure)
            return structure
        }
    }

    @Test func goodDataHaveNoErrors() throws {
        let all = try findings(Self.good)
        #expect(all.allSatisfy { $0.severity == .notice }, "\(all)")
        #expect(all.contains { $0.check == "forces" && $0.message.contains("sign and unit are right") })
        #expect(all.contains { $0.check == "stress" && $0.message.contains("sign and unit are right") })
    }

    /// What grids leave of the sum of forces scatters from structure to structure; a lost atom is more than that.
    @Test func theSumOfForcesMayScatter() throws {
        var (noise, strongest) = (Samples.Noise(5), 0.0)
        var structures = changed { structure in
            let net = noise.vector(5e-4)
            strongest = max(strongest, (net * net).sum().squareRoot())
            structure.forces = structure.forces!.map { $0 + net }
        }
        #expect(strongest < 2e-3)
        structures[3].forces = Self.good[3].forces!.map { $0 + SIMD3(0.0021, 0, 0) }
        #expect(!(try findings(structures).contains { $0.check == "force sums" }))
        structures[3].forces = Self.good[3].forces!.map { $0 + SIMD3(0.006, 0, 0) }
        let found = try findings(structures).filter { $0.check == "force sums" }
        #expect(found.count == 1 && found[0].count == 1 && found[0].message.contains("in 1 structure,"), "\(found)")
        try expect(.warning, "force sums", "in 24 structures", in: changed { $0.forces![0].x += 0.0025 * 8 })
    }

    @Test func isolatedAtomsNeedNoForces() throws {
        var atom = Structure(elements: [Samples.silicon], positions: [.zero])
        atom.energy = -1
        #expect(!(try findings([atom]).contains { $0.severity == .error }))
        let bare = changed { $0.forces = nil }
        try expect(.error, "labels", "no structure has forces", in: bare + [atom])
    }

    @Test func oneIsOne() throws {
        let atom = Structure(elements: [Samples.silicon], positions: [.zero])
        let texts = try findings(Self.good + [atom]).map(\.message)
        #expect(texts.contains { $0.contains("1 isolated atom,") }, "\(texts)")
        #expect(!texts.contains { $0.hasPrefix("1 ") && $0.contains("1 structures") }, "\(texts)")
    }

    @Test func signsAndUnitsOfForcesAreChecked() throws {
        try expect(.error, "forces", "the sign is the opposite", in: changed { $0.forces = $0.forces!.map { -$0 } })
        try expect(
            .error, "forces", "they look like Hartree/Bohr",
            in: changed { $0.forces = $0.forces!.map { $0 / 51.4221 } })
        try expect(
            .error, "forces", "they look like kcal/(mol·Å)",
            in: changed { $0.forces = $0.forces!.map { $0 * 23.0605 } })
    }

    @Test func signsAndUnitsOfStressesAreChecked() throws {
        try expect(.error, "stress", "the sign is the opposite", in: changed { $0.stress = $0.stress! * -1 })
        try expect(
            .error, "stress", "they look like GPa", in: changed { $0.stress = $0.stress! * 160.21766 },
            besides: "units")
        try expect(
            .error, "stress", "the sign is the opposite, and they look like kbar",
            in: changed { $0.stress = $0.stress! * -1602.1766 }, besides: "units")
    }

    @Test func labelsThatAreNoneAreFound() throws {
        try expect(.error, "forces", "exactly zero", in: changed { $0.forces = $0.forces!.map { _ in .zero } })
        try expect(.error, "energy", "the same energy", in: changed { $0.energy = -43 })
        try expect(.error, "labels", "no structure has forces", in: changed { $0.forces = nil })
    }

    @Test func lostAtomsAndTurnedForcesAreFound() throws {
        try expect(
            .error, "force sums", "add up to zero",
            in: changed { $0.forces = $0.forces!.map { $0 + SIMD3(0.2, 0, 0) } })
        let molecules = (0..<6).map { seed -> Structure in
            var molecule = Samples.molecule
            var noise = Samples.Noise(UInt64(seed))
            molecule.positions = molecule.positions.map { $0 + noise.vector(0.1) }
            // Along the bonds of a star, so neither a net force nor a torque; then turned by a quarter.
            var forces = [SIMD3<Double>](repeating: .zero, count: molecule.count)
            for k in 1..<molecule.count {
                let bond = molecule.positions[k] - molecule.positions[0]
                forces[k] = bond
                forces[0] -= bond
            }
            molecule.forces = forces.map { SIMD3(-$0.y, $0.x, $0.z) }
            molecule.energy = -10 + 0.1 * Double(seed)
            return molecule
        }
        try expect(.warning, "torques", "turn a molecule", in: molecules)
    }

    @Test func overlapsAndOutliersAreFound() throws {
        var overlapping = Self.good
        overlapping[3].positions[1] = overlapping[3].positions[0] + SIMD3(0.5, 0, 0)
        try expect(.error, "distances", "a.xyz, frame 4", in: overlapping)
        var far = Self.good
        far[5].energy! += 100
        try expect(.warning, "outliers", "a.xyz, frame 6", in: far)
        var huge = Self.good
        huge[2].forces![0] += SIMD3(150, 0, 0)
        huge[2].forces![1] -= SIMD3(150, 0, 0)
        try expect(.warning, "outliers", "forces above", in: huge)
    }

    @Test func copiesAreFoundHoweverTheyAreTurned() throws {
        // A rotation about an axis, a shift, and another order of atoms.
        func turned(_ structure: Structure) -> Structure {
            let (c, s) = (cos(0.7), sin(0.7))
            let rotation = Matrix3(SIMD3(c, s, 0), SIMD3(-s, c, 0), SIMD3(0, 0, 1))
            var copy = structure
            copy.cell = Cell(structure.cell!.vectors * rotation)
            copy.positions = structure.positions.map { $0 * rotation + SIMD3(1, 2, 3) }.reversed()
            copy.elements.reverse()
            copy.forces = structure.forces!.map { $0 * rotation }.reversed()
            copy.stress = nil
            return copy
        }
        let copies = Self.good + [turned(Self.good[0])]
        try expect(.notice, "duplicates", "more than once", in: copies)
        let files = Array(repeating: "train.xyz", count: Self.good.count) + ["valid.xyz"]
        try expect(.warning, "duplicates", "two files share", in: copies, files: files)
        var other = turned(Self.good[0])
        other.energy! += 1
        try expect(.error, "duplicates", "different energies", in: Self.good + [other])
        var close = Self.good[0]
        close.positions[0] += SIMD3(0.002, 0, 0)
        try expect(.notice, "duplicates", "nearly the same", in: Self.good + [close])
    }

    /// Two orders of two elements on a ring whose pairs have the same distances, the smallest that there are: other
    /// structures all the same.
    @Test func ordersOfElementsWithTheSamePairsAreToldApart() throws {
        func ring(_ places: Set<Int>, _ energy: Double) -> Structure {
            var structure = Structure(
                elements: (0..<8).map { places.contains($0) ? Samples.carbon : Samples.silicon },
                positions: (0..<8).map { SIMD3(2.1 * Double($0), 0, 0) },
                cell: Cell(Matrix3(diagonal: SIMD3(16.8, 20, 20))))
            structure.energy = energy
            structure.forces = structure.positions.map { _ in .zero }
            return structure
        }
        let found = try findings([ring([0, 1, 2, 5], -40), ring([0, 1, 3, 4], -41)])
        #expect(!found.contains { $0.check == "duplicates" })
        // Shifted by two places it is a copy.
        let copy = try findings([ring([0, 1, 2, 5], -40), ring([2, 3, 4, 7], -41)])
        #expect(copy.contains { $0.check == "duplicates" && $0.severity == .error })
    }

    @Test func unitsOfLengthsAndTotalEnergiesAreGuessed() throws {
        try expect(
            .warning, "units", "Bohr",
            in: changed {
                $0.positions = $0.positions.map { $0 / 0.529177 }
                $0.cell = Cell($0.cell!.vectors * (1 / 0.529177))
            }, besides: "forces")
        // All electrons of silicon: −289.4 Hartree.
        for (unit, factor) in [("Hartree", 1.0), ("Rydberg", 2), ("kcal/mol", 627.509)] {
            try expect(
                .error, "units", "all electrons in \(unit)",
                in: changed {
                    $0.energy = (-289.4 * 8 + $0.energy! / 27.2114) * factor
                    $0.forces = nil
                    $0.stress = nil
                }.map { structure in
                    var structure = structure
                    structure.forces = Self.good.first { $0.positions == structure.positions }!.forces!.map {
                        $0 / 27.2114 * factor
                    }
                    return structure
                })
        }
    }

    @Test func neighborsAreCounted() throws {
        var check = DataCheck(cutoff: 3, parallelism: .serial)
        try check.add(Samples.diamond(cells: 1, noise: 0, seed: 1), place: "a", file: "a")
        let neighbors = try #require(check.neighborsPerAtom)
        #expect(neighbors.mean == 4 && neighbors.range == 4...4)
    }

    /// Whole structures stay of a part alone, of many in blocks of neighbours from all of the data.
    @Test func manyStructuresAreComparedInBlocks() throws {
        let structure = try Samples.diamond(cells: 1, noise: 0.01, seed: 1)
        let edges = try EdgeList(
            positions: structure.positions, cell: structure.cell, cutoffs: Cutoffs(3), parallelism: .serial)
        var compared = ComparedStructures()
        for index in 0..<50_000 {
            let seen = Observation(
                structure, index: index, file: "a.xyz", edges: edges, cutoff: 3, impossible: nil)
            compared.add(seen, size: 0)
            #expect(compared.members.count <= 20_000)
        }
        let indices = compared.members.map(\.index)
        #expect(indices.count > 10_000 && indices == indices.sorted())
        // Blocks of twelve, 48 apart.
        #expect(indices.allSatisfy { $0 / 12 % 4 == 0 } && indices.last! > 49_900)
        var few = ComparedStructures()
        for index in 0..<20_000 {
            few.add(
                Observation(structure, index: index, file: "a.xyz", edges: edges, cutoff: 3, impossible: nil), size: 0
            )
        }
        #expect(few.members.map(\.index) == Array(0..<20_000))
    }

    @Test func mediansOfManyAreThoseOfAll() {
        var noise = Samples.Noise(5)
        for count in [1, 2, 3, 1000, 1001] {
            var many = MedianOfMany()
            let numbers = (0..<count).map { _ in abs(noise.vector(1).x) + 1e-3 }
            for number in numbers { many.add(number) }
            let median = DataCheck.median(numbers)
            // Half a window to either side.
            #expect(abs(many.median - median) <= median * 0x1p-16)
        }
        var same = MedianOfMany()
        #expect(same.median == 0)
        for _ in 0..<4 { same.add(1.0625) }
        #expect(same.median == 1.0625)
    }
}
