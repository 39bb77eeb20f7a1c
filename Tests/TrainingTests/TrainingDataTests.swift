import Atoms
import Compute
import Foundation
import Settings
import StructureFiles
import TestSupport
import Testing

@testable import DataSets
@testable import Training

/// From files to training and validation sets, and what is learned from the data before training.
@Suite struct TrainingDataSets {
    private static let structures = TrainingRuns.structures

    // MARK: Splitting

    @Test(arguments: [("0.25", 3), ("0.1", 1), ("0", 0), ("5", 5), ("11", 11)])
    func aPartIsHeldBack(_ validation: String, _ expected: Int) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(Self.structures)
        let settings = try Samples.settings(data: path, validation: validation)
        let data = try TrainingData(settings, cutoff: 3.4)
        let (training, held, files) = (data.training.map(\.structure), data.validation.map(\.structure), data.files)
        #expect(held.count == expected && training.count == 12 - expected)
        #expect(files.map(\.structures) == [12] && files[0].name == "data.xyz" && files[0].sha256.count == 64)
        // Nothing twice, nothing lost, both in the order of the file.
        let places = (training + held).map { structure in
            Self.structures.firstIndex { $0.energy == structure.energy }!
        }
        #expect(Set(places).count == 12)
        #expect(Array(places.prefix(training.count)) == places.prefix(training.count).sorted())
        let again = try TrainingData(settings, cutoff: 3.4)
        #expect(again.training.map(\.place) == data.training.map(\.place))
        #expect(again.splitDigest == data.splitDigest)
    }

    @Test func theSeedDecidesWhichAreHeldBack() throws {
        let a = TrainingData.split(Self.structures, holding: 5, seed: 1)
        #expect(a.1.count == 5 && a.1 == TrainingData.split(Self.structures, holding: 5, seed: 1).1)
        let others = (2..<12).map { TrainingData.split(Self.structures, holding: 5, seed: $0).1 }
        #expect(others.contains { $0 != a.1 })
    }

    @Test func validationFilesAreReadWhole() throws {
        let folder = try TemporaryFolder()
        let a = try folder.write(Array(Self.structures.prefix(8)), to: "a.xyz")
        _ = try folder.write(Array(Self.structures.suffix(4)), to: "b.xyz")
        let settings = try Samples.settings(data: a, validation: "\"\(folder.file("b*.xyz"))\"")
        let data = try TrainingData(settings, cutoff: 3.4)
        let (training, held, files) = (data.training.map(\.structure), data.validation.map(\.structure), data.files)
        #expect(training.map(\.energy) == Self.structures.prefix(8).map(\.energy))
        #expect(held.map(\.energy) == Self.structures.suffix(4).map(\.energy))
        #expect(files.map(\.name) == ["a.xyz", "b.xyz"] && files[0].sha256 != files[1].sha256)
    }

    // MARK: Entries

    /// Weights, kinds, labels and levels of theory of entries and kinds, in memory and through caches.
    @Test(arguments: [false, true]) func entriesChangeTheirLabels(_ isCached: Bool) throws {
        let folder = try TemporaryFolder()
        let first = Array(Self.structures.prefix(6))
        let offset = { (structure: Structure) in
            structure.elements.reduce(0) { $0 + ($1 == Samples.carbon ? 0.5 : -2) }
        }
        var second = Array(Self.structures.suffix(6))
        for index in second.indices {
            second[index].energy! += offset(second[index])
            second[index].information["config_type"] = "hot"
        }
        try FileManager.default.createDirectory(atPath: folder.file("runs"), withIntermediateDirectories: true)
        _ = try folder.write(first, to: "runs/a.xyz")
        _ = try folder.write(second, to: "b.xyz")
        func read(_ entry: String, _ more: String = "") throws -> [Structure] {
            var settings = try Samples.settings(data: "x.xyz", validation: "0")
            let text = "{train: [\(folder.file("runs")), \(entry)], validation: 0\(more)}"
            settings.data = try DataSettings(Settings(text: "data: \(text)", named: "data").section("data"))
            if isCached { settings.data.cache = folder.file("cache") }
            return try TrainingData(settings, cutoff: 3.4).training.map(\.structure)
        }
        let b = folder.file("b.xyz")
        let plain = try read("{files: \(b)}")
        #expect(plain == first + second && plain.allSatisfy { $0.weight == nil })
        let weighed = try read("{files: \(b), weight: 0.25, config_type: old, without: [stress, energy]}")
        for (old, new) in zip(second, weighed.suffix(6)) {
            #expect(new.weight == 0.25 && new.information["config_type"] == "old")
            #expect(new.energy == nil && new.stress == nil && new.forces == old.forces)
        }
        #expect(Array(weighed.prefix(6)) == first)
        for (entry, more) in [
            ("{files: \(b), energy_offsets: {C: 0.5, H: -2}}", ""),
            (b, ", energy_offsets: {hot: {C: 0.5, H: -2}}"),
        ] {
            let moved = try read(entry, more)
            for (original, new) in zip(Self.structures, moved) {
                #expect(abs(new.energy! - original.energy!) < 1e-12 && new.forces == original.forces)
            }
        }
        let without = try read(b, ", without: {hot: forces}")
        #expect(
            without.prefix(6).allSatisfy { $0.forces != nil } && without.suffix(6).allSatisfy { $0.forces == nil })
    }

    /// Where the same structures are in both, least squares find the offsets that were put in.
    @Test func offsetsAreFitted() throws {
        let folder = try TemporaryFolder()
        var moved = Self.structures
        for index in moved.indices {
            moved[index].energy! += moved[index].elements.reduce(0) { $0 + ($1 == Samples.carbon ? 0.5 : -2) }
            moved[index].positions[0].x += 1e-6
        }
        let (a, b) = (try folder.write(Self.structures, to: "a.xyz"), try folder.write(moved, to: "b.xyz"))
        var settings = try Samples.settings(data: "x.xyz", validation: "0")
        let text = "data: {train: [\(a), {files: \(b), energy_offsets: least_squares}], validation: 0}"
        settings.data = try DataSettings(Settings(text: text, named: "data").section("data"))
        let data = try TrainingData(settings, cutoff: 3.4)
        for (original, new) in zip(Self.structures, data.training.suffix(12)) {
            #expect(abs(new.structure.energy! - original.energy!) < 1e-4)
        }
        #expect(data.remarks.contains { $0.text.contains("energy offsets of") && $0.text.contains("least squares") })
    }

    @Test func fixedAtomsAreMasked() throws {
        let folder = try TemporaryFolder()
        var structures = Self.structures
        structures[0].moveMask = structures[0].positions.indices.map { $0 == 0 ? .zero : SIMD3(1, 1, 0) }
        let path = try folder.write(structures)
        var settings = try Samples.settings(data: path, validation: "0")
        let masked = try TrainingData(settings, cutoff: 3.4)
        #expect(masked.training[0].structure.forceWeights?[0] == .zero)
        #expect(masked.training[0].structure.forceWeights?[1] == SIMD3(1, 1, 0))
        #expect(masked.remarks.contains { $0.text.contains("forces on 1 atom in 1 structure are masked") })
        let statistics = try DataStatistics(masked.training.map(\.structure), cutoff: 3.4, parallelism: .serial)
        var (squares, count) = (0.0, 0.0)
        for structure in masked.training.map(\.structure) {
            for (atom, force) in structure.forces!.enumerated() {
                for axis in 0..<3 where structure.forceWeights?[atom][axis] != 0 {
                    squares += force[axis] * force[axis]
                    count += 1
                }
            }
        }
        #expect(abs(statistics.forcesRMS - (squares / count).squareRoot()) < 1e-12)
        settings.data.masksFixedAtoms = false
        #expect(try TrainingData(settings, cutoff: 3.4).training[0].structure.forceWeights == nil)
    }

    // MARK: Errors

    private func expectError(_ settings: TrainingSettings, naming texts: String...) {
        let error = #expect(throws: (any Error).self) { try TrainingRun(settings, parallelism: .serial) }
        guard let error else { return }
        for text in texts { #expect("\(error)".contains(text), "\(error) does not name \(text)") }
        #expect(!"\(error)".contains("\n"), "one line")
    }

    @Test func aMissingLabelListsWhatWasSeen() throws {
        let folder = try TemporaryFolder()
        var structures = Self.structures
        for index in structures.indices { structures[index].stress = nil }
        let path = try folder.write(structures)
        let settings = try Samples.settings(data: path, training: "loss: {stress: 1}")
        expectError(settings, naming: path, "stress", "energy", "forces")
    }

    @Test func moreValidationThanDataIsAnError() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(Self.structures)
        expectError(try Samples.settings(data: path, validation: "12"), naming: "data.validation", "12")
    }

    /// Without one label in what is held back a warning will do, unless that label decides what is kept.
    @Test func whatPotentialsAreChosenByMustBeHeldBack() throws {
        let folder = try TemporaryFolder()
        var structures = Array(repeating: Samples.labelled(Samples.molecule, forces: false), count: 6)
        structures.append(Samples.labelled(Samples.crystal))
        let path = try folder.write(structures)
        // Of these seeds one at least holds back a molecule.
        let seeds = (1...5).filter { seed in TrainingData.split(structures, holding: 1, seed: seed).1[0].forces == nil
        }
        let seed = try #require(seeds.first)
        let settings = try Samples.settings(data: path, validation: "1", training: "seed: \(seed)")
        #expect(
            try TrainingRun(settings, parallelism: .serial).preparation.remarks.contains {
                $0.severity == .warning && $0.text.contains("has forces")
            })
        expectError(
            try Samples.settings(data: path, validation: "1", training: "seed: \(seed), keep: forces"),
            naming: "training.keep: forces", "data.validation")
    }

    @Test func anUnknownElementInTheValidationFileIsAnError() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(Self.structures)
        let gold = try folder.write(
            [
                Samples.labelled(Samples.molecule),
                Samples.labelled(
                    Structure(elements: [Element("Au")!, Samples.carbon], positions: [.zero, SIMD3(2, 0, 0)])),
            ], to: "gold.xyz")
        expectError(
            try Samples.settings(data: path, validation: "\"\(gold)\""), naming: "validation", "gold.xyz, frame 2",
            "Au",
            "H, C")
    }

    /// Otherwise every epoch would have the validation loss 0, and the first potential would be the best.
    @Test func aValidationSetWithoutLabelsIsAnError() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(Self.structures)
        let bare = try folder.write([Samples.molecule], to: "bare.xyz")
        expectError(
            try Samples.settings(data: path, validation: "\"\(bare)\""), naming: "data.validation", "bare.xyz",
            "energy",
            "keys seen")
    }

    @Test func aMissingFileIsNamed() throws {
        expectError(try Samples.settings(data: "/nowhere/data.xyz"), naming: "/nowhere/data.xyz")
    }

    // MARK: Statistics

    /// Shells of diamond at 2.35, 3.84 and 4.50 Å with 4, 12 and 12 atoms; the next is at 5.43 Å.
    @Test func siliconHas28NeighborsWithin5Angstrom() throws {
        let crystal = try Samples.diamond(cells: 1, noise: 0, seed: 1)
        let statistics = try DataStatistics([crystal], cutoff: 5, parallelism: .serial)
        #expect(statistics.averageNeighbors == 28)
        #expect(statistics.elements == [Samples.silicon])
        let bond = try #require(statistics.shortestDistances["Si-Si"])
        #expect(abs(bond - 5.43 * 3.0.squareRoot() / 4) < 1e-12)
    }

    @Test func forcesRMSIsThatOfTheComponents() throws {
        var structure = Samples.molecule
        structure.forces = structure.positions.map { _ in SIMD3(1, 2, -2) }
        let statistics = try DataStatistics([structure, Samples.atom], cutoff: 3, parallelism: .serial)
        #expect(abs(statistics.forcesRMS - 3.0.squareRoot()) < 1e-15)
        #expect(statistics.elements == [Samples.hydrogen, Samples.carbon])
        #expect(Set(statistics.shortestDistances.keys) == ["H-H", "H-C", "C-C"])
    }

    @Test func isolatedAtomsHaveNoNeighborsAndADefaultScale() throws {
        let statistics = try DataStatistics([Samples.atom], cutoff: 3, parallelism: .serial)
        #expect(statistics.averageNeighbors == 1 && statistics.forcesRMS == 1 && statistics.shortestDistances.isEmpty)
    }

    // MARK: Energies of isolated atoms

    private func compound(_ carbon: Int, _ hydrogen: Int, _ energy: Double) -> Structure {
        let elements =
            Array(repeating: Samples.carbon, count: carbon) + Array(repeating: Samples.hydrogen, count: hydrogen)
        var structure = Structure(
            elements: elements, positions: elements.indices.map { SIMD3(2 * Double($0), 0, 0) })
        structure.energy = energy
        return structure
    }

    /// The ridge of 1e-8 moves a solution by that share of its distance from the mean, over the share of the smallest
    /// eigenvalue of the normal equations, which is more than 1/20 here.
    @Test func leastSquaresIsExactForLinearData() throws {
        let (c, h) = (-1028.7, -13.6)
        let compositions = [(1, 4), (2, 6), (6, 6), (3, 8), (1, 0)]
        let structures = compositions.map { compound($0, $1, Double($0) * c + Double($1) * h) }
        let fit = try DataStatistics.isolatedAtomEnergies(structures, elements: [Samples.hydrogen, Samples.carbon])
        #expect(fit.isDetermined)
        #expect(abs(fit.energies[0] - h) < 20e-8 * 1000 && abs(fit.energies[1] - c) < 20e-8 * 1000)
    }

    /// One composition leaves open how its energy is divided; the total must be right all the same.
    @Test func undeterminedCompositionsAreRemarkedOn() throws {
        let structures = [(1, 4), (2, 8), (3, 12)].map { compound($0, $1, Double($0) * -40) }
        let fit = try DataStatistics.isolatedAtomEnergies(structures, elements: [Samples.hydrogen, Samples.carbon])
        #expect(!fit.isDetermined)
        #expect(abs(4 * fit.energies[0] + fit.energies[1] + 40) < 1e-6)
        let folder = try TemporaryFolder()
        let settings = try Samples.settings(
            data: folder.write(structures), validation: "0", training: "loss: {forces: 0}")
        let run = try TrainingRun(settings, parallelism: .serial)
        #expect(
            run.preparation.remarks.contains { $0.severity == .warning && $0.text.contains("per_type_energy_shifts") }
        )
        let determined = try Samples.settings(
            data: folder.write(Self.structures), validation: "0")
        #expect(
            try !TrainingRun(determined, parallelism: .serial).preparation.remarks.contains {
                $0.text.contains("per_type_energy_shifts")
            })
    }

    @Test func energiesOfDifferentSizesNeedNoMoreThanOneAtom() throws {
        let structures = [compound(1, 0, -1000), compound(0, 1, -13)]
        let fit = try DataStatistics.isolatedAtomEnergies(structures, elements: [Samples.carbon, Samples.hydrogen])
        #expect(fit.isDetermined && abs(fit.energies[0] + 1000) < 1e-4 && abs(fit.energies[1] + 13) < 1e-4)
    }

    /// What is known is not fitted, and what the pair potential gives is not the atoms'.
    @Test func knownEnergiesAreKeptAndPairEnergiesLeftOut() throws {
        let (c, h) = (-1028.7, -13.6)
        let structures = [(1, 4), (2, 6), (6, 6)].map { compound($0, $1, Double($0) * c + Double($1) * h + 3) }
        let fit = try DataStatistics.isolatedAtomEnergies(
            structures, elements: [Samples.hydrogen, Samples.carbon], known: [Samples.hydrogen: h],
            pairEnergies: [3, 3, 3])
        #expect(fit.energies[0] == h && abs(fit.energies[1] - c) < 1e-5)
    }

    /// Frames of one atom give its shift exactly, and neither train nor validate.
    @Test func isolatedAtomsInTheDataAreTheShifts() throws {
        let folder = try TemporaryFolder()
        var atom = Samples.atom
        atom.energy = -13.6
        let path = try folder.write(Self.structures + [atom])
        let run = try TrainingRun(Samples.settings(data: path), parallelism: .serial)
        #expect(run.model.configuration.perTypeEnergyShifts[0] == -13.6)
        #expect(run.training.count + run.validation.count == Self.structures.count)
        #expect(run.preparation.remarks.contains { $0.text.contains("isolated atoms: H -13.6") })
        #expect(run.preparation.remarks.contains { $0.text.contains("1 of the training structures left out") })
        // Every element must have one where all are asked for.
        expectError(
            try Samples.settings(data: path, model: "per_type_energy_shifts: isolated_atoms"),
            naming: "per_type_energy_shifts", "none for C")
        var other = atom
        other.energy = -13
        let twice = try folder.write(Self.structures + [atom, other], to: "twice.xyz")
        expectError(try Samples.settings(data: twice), naming: "twice.xyz, frame 14", "twice.xyz, frame 13")
    }

    @Test func withoutNeighborsThereIsNothingToTrainOn() throws {
        let folder = try TemporaryFolder()
        var atom = Samples.labelled(Samples.atom)
        atom.energy = -13
        let path = try folder.write([atom])
        expectError(try Samples.settings(data: path, validation: "0"), naming: path, "r_max = 3.4 Å")
    }

    @Test func filesThatHoldTheSameAreNoticed() throws {
        let folder = try TemporaryFolder()
        let a = try folder.write(Self.structures, to: "a.xyz")
        _ = try folder.write(Self.structures, to: "b.xyz")
        expectError(
            try Samples.settings(data: folder.file("*.xyz")), naming: "data.train", "b.xyz", "the same as a.xyz")
        let run = try TrainingRun(
            Samples.settings(data: a, validation: "\"\(folder.file("b.xyz"))\""), parallelism: .serial)
        #expect(
            run.preparation.remarks.contains {
                $0.severity == .warning && $0.text.hasPrefix("b.xyz validates what a.xyz trains")
            })
    }

    /// A slab has no volume, so no stress that could be learned or compared.
    @Test func stressIsThatOfFullyPeriodicStructures() throws {
        var slab = Samples.labelled(Samples.crystal)
        slab.cell = Cell(slab.cell!.vectors, periodic: (true, true, false))
        let data = try DataSet([slab], for: LossGradient.cases[0].configuration(), parallelism: .serial)
        #expect(try data.batch().items[0].virial == nil)
        var errors = GroupedErrors()
        var prediction = slab
        prediction.stress = nil
        errors.add(prediction, for: slab)
        #expect(errors.all.stressRMSE == nil && errors.all.forcesRMSE == 0)
    }

    @Test func withoutAnyEnergyTheShiftsMustBeGiven() throws {
        let error = #expect(throws: DataSetError.self) {
            try DataStatistics.isolatedAtomEnergies([Samples.molecule], elements: [Samples.carbon])
        }
        #expect(error?.message.contains("per_type_energy_shifts") == true)
    }

    /// The labels that a network learns: less the shifts and less ZBL, which it does not have to learn.
    @Test func targetsLackShiftsAndPairPotential() throws {
        let configuration = LossGradient.cases[6].configuration()
        let data = try DataSet(
            [Samples.labelled(Samples.atom), Samples.labelled(Samples.crystal)], for: configuration,
            parallelism: .serial)
        let items = try data.batch().items
        #expect(items[0].energy == Samples.labelled(Samples.atom).energy! - configuration.perTypeEnergyShifts[0])
        // ZBL is repulsive: positive energy, and positive virial.
        let crystal = Samples.labelled(Samples.crystal)
        let shifts = 2 * configuration.perTypeEnergyShifts[1] + configuration.perTypeEnergyShifts[0]
        #expect(items[1].energy! < crystal.energy! - shifts)
        #expect(items[1].virial!.trace < -crystal.cell!.volume * crystal.stress!.trace)
    }
}
