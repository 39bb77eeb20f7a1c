import Atoms
import Compute
import Foundation
import Interactions
import Neighbors
import Symmetry
import Testing

@testable import Relaxation

/// Relaxations of argon in the Lennard-Jones potential, whose minima are known.
@Suite struct RelaxationTests {
    private static let argon = Element("Ar")!

    private static func evaluator() throws -> Evaluator {
        Evaluator(try LennardJones.argon(parallelism: .serial), parallelism: .serial)
    }

    /// A face-centred cubic cell of four atoms.
    private static func crystal(_ a: Double) -> Structure {
        Structure(
            elements: Array(repeating: argon, count: 4),
            positions: [SIMD3(0.0, 0, 0), SIMD3(0, 0.5, 0.5), SIMD3(0.5, 0, 0.5), SIMD3(0.5, 0.5, 0)].map { $0 * a },
            cell: Cell(Matrix3(diagonal: SIMD3(a, a, a))))
    }

    /// The same with all atoms and the cell out of their places.
    private static func distorted(_ a: Double, seed: Double = 1) -> Structure {
        var structure = crystal(a)
        let strain = Matrix3(SIMD3(0.02, 0.03, -0.01), SIMD3(-0.02, -0.03, 0.02), SIMD3(0.01, 0.01, 0.02))
        structure.cell!.vectors = structure.cell!.vectors * (.identity + strain)
        structure.positions = structure.positions.enumerated().map { i, r in
            r * (.identity + strain) + SIMD3(
                sin(7 * seed + Double(i)), cos(3.0 * Double(i) + seed), sin(5.0 * Double(i))) * 0.15
        }
        return structure
    }

    private static func settings(_ change: RelaxationSettings.CellChange = .full) -> RelaxationSettings {
        var settings = RelaxationSettings()
        settings.cellChange = change
        settings.forceTolerance = 1e-5
        settings.stressTolerance = 1e-7
        settings.maximumEvaluations = 2000
        return settings
    }

    /// By golden sections of the energy, independent of forces and stresses.
    private static func latticeConstant(pressure: Double = 0) throws -> Double {
        let evaluator = try evaluator()
        func enthalpy(_ a: Double) throws -> Double {
            try evaluator.evaluate([crystal(a)])[0].energy + pressure * a * a * a
        }
        var (low, high) = (4.8, 5.6)
        let golden = (5.0.squareRoot() - 1) / 2
        while high - low > 1e-8 {
            let (left, right) = (high - golden * (high - low), low + golden * (high - low))
            if try enthalpy(left) < enthalpy(right) { high = right } else { low = left }
        }
        return 0.5 * (low + high)
    }

    @Test(arguments: RelaxationSettings.Method.allCases)
    func aDistortedCrystalFindsItsLattice(_ method: RelaxationSettings.Method) throws {
        var settings = Self.settings()
        settings.method = method
        let outcome = Relaxation(try Self.evaluator(), settings: settings, energyNoise: 1e-13)
            .run([Self.distorted(5.3)])[0]
        #expect(outcome.isConverged)
        let a = try Self.latticeConstant()
        #expect(abs(outcome.structure.cell!.volume - a * a * a) < 2e-3)
        let (lengths, angles) = outcome.structure.cell!.lengthsAndAngles
        for k in 0..<3 {
            #expect(abs(lengths[k] - a) < 1e-3)
            #expect(abs(angles[k] - 90) < 0.01)
        }
    }

    @Test func aPressureIsReached() throws {
        var settings = Self.settings()
        let pressure = 1 / Units.gigapascal
        settings.targetStress = Matrix3.identity * -pressure
        let outcome = Relaxation(try Self.evaluator(), settings: settings, energyNoise: 1e-13)
            .run([Self.distorted(5.2)])[0]
        #expect(outcome.isConverged)
        let a = try Self.latticeConstant(pressure: pressure)
        #expect(abs(outcome.structure.cell!.volume - a * a * a) < 2e-3)
        #expect(abs(outcome.structure.stress!.trace / 3 + pressure) < 1e-7)
    }

    @Test func aStressThatIsNoPressureIsReached() throws {
        var settings = Self.settings()
        let target = Matrix3(SIMD3(1e-4, 2e-4, 0), SIMD3(2e-4, -3e-4, 1e-4), SIMD3(0, 1e-4, 2e-4))
        settings.targetStress = target
        let outcome = Relaxation(try Self.evaluator(), settings: settings, energyNoise: 1e-13)
            .run([Self.distorted(5.25)])[0]
        #expect(outcome.isConverged)
        for (found, wanted) in zip(outcome.structure.stress!.elements, target.elements) {
            #expect(abs(found - wanted) < 2e-7)
        }
    }

    @Test(arguments: [RelaxationSettings.CellChange.isotropic, .shape, .diagonal])
    func whatMayNotChangeOfACellStays(_ change: RelaxationSettings.CellChange) throws {
        let start = Self.distorted(5.4)
        let outcome = Relaxation(try Self.evaluator(), settings: Self.settings(change), energyNoise: 1e-13).run([
            start
        ])[0]
        #expect(outcome.isConverged)
        let (before, after) = (start.cell!, outcome.structure.cell!)
        switch change {
        case .isotropic:
            let ratio = before.vectors.inverse * after.vectors
            #expect((ratio - .identity * ratio[0, 0]).elements.allSatisfy { abs($0) < 1e-10 })
            #expect(abs(ratio[0, 0] - 1) > 1e-3)
        case .shape: #expect(abs(after.volume / before.volume - 1) < 1e-10)
        default:
            let ratio = before.vectors.inverse * after.vectors
            for (i, j) in [(0, 1), (0, 2), (1, 2), (1, 0), (2, 0), (2, 1)] { #expect(abs(ratio[i, j]) < 1e-10) }
        }
    }

    @Test func fixedAtomsAndAxesStay() throws {
        var settings = Self.settings()
        settings.axes = [true, true, false]
        settings.fixedAtoms = [1]
        let start = Self.distorted(5.3)
        let outcome = Relaxation(try Self.evaluator(), settings: settings, energyNoise: 1e-13).run([start])[0]
        #expect(outcome.isConverged)
        let growth = start.cell!.vectors.inverse * outcome.structure.cell!.vectors
        for k in 0..<3 {
            #expect(abs(growth[2, k] - (k == 2 ? 1 : 0)) < 1e-12)
            #expect(abs(growth[k, 2] - (k == 2 ? 1 : 0)) < 1e-12)
        }
        #expect(norm(outcome.structure.positions[1] - start.positions[1] * growth) < 1e-10)
    }

    /// One at a time and together, in a batch where one has an unknown element and one collides.
    @Test func structuresOfABatchDoNotDisturbOneAnother() throws {
        var strange = Self.crystal(5.3)
        strange.elements[0] = Element("Xe")!
        var merged = Self.crystal(5.3)
        merged.positions[1] = merged.positions[0]
        let all = [Self.distorted(5.3), strange, Self.distorted(5.2, seed: 2), merged, Self.distorted(5.35, seed: 3)]
        let together = Relaxation(try Self.evaluator(), settings: Self.settings(), energyNoise: 1e-13).run(all)
        #expect(together.map(\.index) == Array(0..<5))
        #expect(together.map(\.isConverged) == [true, false, true, false, true])
        #expect(together[1].failure?.contains("Xe") == true)
        #expect(together[1].structure.energy == nil && together[1].structure.positions == strange.positions)
        #expect(together[3].failure != nil)
        for k in [0, 2, 4] {
            let alone = Relaxation(try Self.evaluator(), settings: Self.settings(), energyNoise: 1e-13).run([all[k]])[
                0]
            #expect(alone.structure == together[k].structure)
            #expect(alone.evaluations == together[k].evaluations)
        }
    }

    @Test func aRelaxationThatTakesTooLongIsNotConverged() throws {
        var settings = Self.settings()
        settings.maximumEvaluations = 3
        let outcome = Relaxation(try Self.evaluator(), settings: settings, energyNoise: 1e-13).run([
            Self.distorted(5.3)
        ])[0]
        #expect(!outcome.isConverged && outcome.evaluations == 3)
        #expect(outcome.failure == "not relaxed after 3 evaluations")
    }

    @Test func anOpenStructureHasNoCellToRelax() throws {
        let open = Structure(elements: [Self.argon, Self.argon], positions: [.zero, SIMD3(4, 0, 0)])
        let outcome = Relaxation(try Self.evaluator(), settings: Self.settings(), energyNoise: 1e-13).run([open])[0]
        #expect(outcome.failure?.contains("does not repeat") == true)
        let fixed = Relaxation(try Self.evaluator(), settings: Self.settings(.fixed), energyNoise: 1e-13).run([open])[
            0]
        // The minimum of the pair, which the switch at the cutoff does not reach.
        #expect(fixed.isConverged)
        let distance = norm(fixed.structure.positions[1] - fixed.structure.positions[0])
        let minimum = 3.405 * pow(2, 1.0 / 6)
        #expect(abs(distance - minimum) < 1e-4)
    }

    @Test(.enabled(if: Spglib.isAvailable)) func theSpaceGroupIsKept() throws {
        // Tetragonal at the start, which free steps would leave by rounding at least.
        var start = Self.crystal(5.3)
        let strain = Matrix3(diagonal: SIMD3(0, 0, 0.06))
        start.cell!.vectors = start.cell!.vectors * (.identity + strain)
        start.positions = start.positions.map { $0 * (.identity + strain) }
        let group = try Spglib.spaceGroup(of: start)
        #expect(group.number == 139)
        let outcome = Relaxation(try Self.evaluator(), settings: Self.settings(), energyNoise: 1e-13)
            .run([start], groups: [group])[0]
        #expect(outcome.isConverged)
        #expect(try [139, 225].contains(Spglib.spaceGroup(of: outcome.structure, tolerance: 1e-7).number))
        #expect(abs(outcome.structure.cell!.vectors[0, 1]) < 1e-12)
    }
}

@Suite struct MatrixExponentialTests {
    @Test func theExponentialOfARotationsGeneratorIsTheRotation() {
        for angle in [1e-6, 0.1, 1, 3] {
            // Every squaring doubles the error of rounding: 2ˢ is about 8 |M|.
            let bound = 8 * Double.ulpOfOne * max(1, 12 * angle)
            let generator = Matrix3(SIMD3(0, angle, 0), SIMD3(-angle, 0, 0), .zero)
            let rotation = Matrix3(
                SIMD3(cos(angle), sin(angle), 0), SIMD3(-sin(angle), cos(angle), 0), SIMD3(0, 0, 1))
            #expect((generator.exponential - rotation).elements.allSatisfy { abs($0) < bound })
        }
    }
}

@Suite struct BondModelTests {
    /// The metric must be symmetric and positive, and its solution solve.
    @Test func theModelIsAMetric() throws {
        let a = 5.3
        var structure = Structure(
            elements: Array(repeating: Element("Ar")!, count: 4),
            positions: [SIMD3(0.1, 0, 0), SIMD3(0, 0.5, 0.45), SIMD3(0.5, 0, 0.5), SIMD3(0.5, 0.52, 0)].map {
                $0 * a
            },
            cell: Cell(Matrix3(diagonal: SIMD3(a, a, a))))
        structure.cell!.vectors[0, 1] = 0.3
        var settings = RelaxationSettings()
        settings.cellChange = .full
        let deformed = DeformedStructure(
            structure, freedom: try StrainFreedom(.full, of: structure.cell, axes: nil, group: nil), group: nil,
            settings: settings)
        let model = try BondModel(deformed, fixed: [])
        let n = deformed.count
        #expect(n == 18)
        var matrix: [Double] = []
        for k in 0..<n {
            var unit = [Double](repeating: 0, count: n)
            unit[k] = 1
            matrix += model.applied(to: unit)
        }
        for i in 0..<n { for j in 0..<n { #expect(abs(matrix[i * n + j] - matrix[j * n + i]) < 1e-12) } }
        #expect(Eigenvalues.symmetric(matrix, n: n)[0] > 0)
        let right = (0..<n).map { sin(Double($0)) }
        let residual = sum(model.applied(to: model.solved(right)), -1, right)
        #expect(product(residual, residual).squareRoot() < 1e-6 * product(right, right).squareRoot())
    }
}
