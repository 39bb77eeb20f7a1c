import Atoms
import Compute
import Testing

@testable import Models

/// Properties made of heads: laws that hold whatever the network says.
@Suite struct AssemblyTests {
    private static let elements = [Element("O")!, Element("H")!]
    private let species: [Int32] = [0, 1, 1, 0, 1]
    private let positions: [SIMD3<Double>] = [
        SIMD3(0.1, 2, 0.3), SIMD3(1, -0.4, 0.2), SIMD3(-1.3, 0.2, 2.1), SIMD3(3.1, 0.4, -0.7), SIMD3(0.5, 0.6, 0.9),
    ]

    private func assembly(_ properties: [Property]) -> Assembly {
        var configuration = ModelConfiguration(NequIP(), rMax: 4, elements: Self.elements, avgNumNeighbors: [4])
        configuration.outputs = properties.enumerated().map { index, property in
            Output(
                property, scale: 0.5 + Double(index),
                perTypeShifts: property.scope == .atom && property.shape == .scalar ? [-0.8, 0.4] : [])
        }
        return Assembly(configuration)
    }

    private func numbers(_ assembly: Assembly, seed: UInt64) -> [[Double]] {
        let random = Philox(seed: seed)
        return assembly.heads.enumerated().map { head, shape in
            (0..<species.count * shape.shape.components).map {
                random.normals(at: Philox.counter(step: head, index: $0, stream: 0)).x
            }
        }
    }

    private func atoms(charge: Double = 0, repeats: Bool = false, shift: SIMD3<Double> = .zero) -> Assembly.Atoms {
        Assembly.Atoms(
            species: species, positions: positions.map { $0 + shift }, charge: charge, repeats: repeats)
    }

    private static let sets: [[Property]] = [
        [.dipole], [.charges], [.atomicDipoles], [.dipole, .charges], [.dipole, .charges, .atomicDipoles],
        [.energy, .dipole],
    ]

    @Test(arguments: [0.0, -1, 2]) func chargesAddUpToThatOfTheStructure(_ charge: Double) throws {
        let assembly = assembly([.charges])
        let found = assembly.properties(of: atoms(charge: charge), from: numbers(assembly, seed: 1))
        #expect(abs(try #require(found[.charges]).reduce(0, +) - charge) < 1e-14)
    }

    /// `Σ μ + Σ q (r − c)`, by the formula of the doc comment, and the same wherever the molecule is.
    @Test(arguments: [0.0, 1]) func theDipoleIsThatOfChargesAndAtomicDipoles(_ charge: Double) throws {
        let assembly = assembly([.dipole, .charges, .atomicDipoles])
        let numbers = numbers(assembly, seed: 2)
        let found = assembly.properties(of: atoms(charge: charge), from: numbers)
        let (dipole, charges, vectors) = (found[.dipole]!, found[.charges]!, found[.atomicDipoles]!)
        let centroid = positions.reduce(.zero, +) / Double(positions.count)
        for axis in 0..<3 {
            let expected = positions.indices.reduce(0) {
                $0 + vectors[3 * $1 + axis] + charges[$1] * (positions[$1][axis] - centroid[axis])
            }
            #expect(abs(dipole[axis] - expected) < 1e-14)
        }
        let moved = assembly.properties(of: atoms(charge: charge, shift: SIMD3(5, -7, 11)), from: numbers)
        #expect(zip(dipole, moved[.dipole]!).allSatisfy { abs($0 - $1) < 1e-13 })
    }

    @Test func aStructureThatRepeatsHasChargesAndNoDipole() {
        let assembly = assembly([.dipole, .charges])
        let found = assembly.properties(of: atoms(repeats: true), from: numbers(assembly, seed: 3))
        #expect(found.keys.map(\.name) == ["charges"])
    }

    /// Both directions are linear, so ⟨c, A(x + y) − A(x)⟩ = ⟨Aᵀ c, y⟩ exactly.
    @Test(arguments: sets) func derivativesGoBackToTheHeads(_ properties: [Property]) {
        let assembly = assembly(properties)
        let (x, y) = (numbers(assembly, seed: 4), numbers(assembly, seed: 5))
        let atoms = atoms(charge: 1)
        let sum = zip(x, y).map { zip($0, $1).map { $0 + $1 } }
        let (before, after) = (assembly.properties(of: atoms, from: x), assembly.properties(of: atoms, from: sum))
        let random = Philox(seed: 6)
        var (cotangents, expected) = ([Property: [Double]](), 0.0)
        for (index, property) in assembly.properties.enumerated() {
            let change = zip(after[property]!, before[property]!).map { $0 - $1 }
            cotangents[property] = change.indices.map {
                random.normals(at: Philox.counter(step: index, index: $0, stream: 1)).x
            }
            expected += zip(cotangents[property]!, change).reduce(0) { $0 + $1.0 * $1.1 }
        }
        let found = zip(assembly.headDerivatives(of: atoms, cotangents), y).reduce(0) { sum, pair in
            sum + zip(pair.0, pair.1).reduce(0) { $0 + $1.0 * $1.1 }
        }
        #expect(abs(found - expected) < 1e-12 * max(1, abs(expected)))
    }
}
