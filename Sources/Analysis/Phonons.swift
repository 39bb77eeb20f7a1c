import Atoms
import Compute
import Foundation

/// Vibrations of a crystal with given force constants. Wave vectors are fractional, in the reciprocal cell of the unit
/// cell; frequencies are in THz, imaginary ones negative.
public struct Phonons: Sendable {
    public let unit: Structure
    private let masses: [Double]
    /// Φ(κ, J) / √(m m′) with the shortest ways from κ to images of J, all of them where several are equally short.
    private let terms: [Term]

    private struct Term: Sendable {
        var row, column: Int
        /// eV/(Å² amu), over the number of ways.
        var block: Matrix3
        /// Fractional, in the unit cell.
        var ways: [SIMD3<Double>]
    }

    public init(_ constants: ForceConstants) {
        let supercell = constants.supercell
        unit = supercell.unit
        masses = unit.masses ?? unit.elements.map(\.mass)
        let cell = supercell.structure.cell!
        let (inverse, unitInverse) = (cell.vectors.inverse, unit.cell!.vectors.inverse)
        let heights = cell.heights
        var terms: [Term] = []
        for i in 0..<unit.count {
            for J in 0..<supercell.structure.count {
                let j = supercell.site(J).atom
                var fractional = (supercell.structure.positions[J] - unit.positions[i]) * inverse
                fractional -= fractional.rounded(.toNearestOrEven)
                let start = norm(fractional * cell.vectors)
                // No way that is as short goes further.
                let reach = (0..<3).map { Int((2 * start / heights[$0] + 0.5).rounded(.up)) }
                var (shortest, ways) = (start, [SIMD3<Double>]())
                for a in -reach[0]...reach[0] {
                    for b in -reach[1]...reach[1] {
                        for c in -reach[2]...reach[2] {
                            let way = (fractional + SIMD3(Double(a), Double(b), Double(c))) * cell.vectors
                            let length = norm(way)
                            if length < shortest - Self.sameLength {
                                shortest = length
                                ways = [way]
                            } else if length < shortest + Self.sameLength {
                                ways.append(way)
                            }
                        }
                    }
                }
                // One of them may have been longer than the last that is shorter by a little.
                ways = ways.filter { norm($0) < shortest + Self.sameLength }
                let scale = 1 / ((masses[i] * masses[j]).squareRoot() * Double(ways.count))
                terms.append(
                    Term(row: i, column: j, block: constants[i, J] * scale, ways: ways.map { $0 * unitInverse }))
            }
        }
        self.terms = terms
    }

    /// Å
    private static let sameLength = 1e-4

    /// D(q) = Σ Φ e^{2πi q·Δ} / √(m m′), eV/(Å² amu), made Hermitian.
    public func dynamicalMatrix(_ q: SIMD3<Double>) -> [ComplexNumber] {
        let n = 3 * unit.count
        var matrix = [ComplexNumber](repeating: ComplexNumber(0), count: n * n)
        for term in terms {
            var (real, imaginary) = (0.0, 0.0)
            for way in term.ways {
                let phase = 2 * Double.pi * dot(q, way)
                real += cos(phase)
                imaginary += sin(phase)
            }
            for a in 0..<3 {
                for b in 0..<3 {
                    matrix[(3 * term.row + a) * n + 3 * term.column + b] += ComplexNumber(
                        term.block[a, b] * real, term.block[a, b] * imaginary)
                }
            }
        }
        for i in 0..<n {
            for j in i..<n {
                let mean = (matrix[i * n + j] + matrix[j * n + i].conjugate) * 0.5
                matrix[i * n + j] = mean
                matrix[j * n + i] = mean.conjugate
            }
        }
        return matrix
    }

    /// Ascending, THz.
    public func frequencies(_ q: SIMD3<Double>) -> [Double] {
        Eigenvalues.hermitian(dynamicalMatrix(q), n: 3 * unit.count).values.map(Self.frequency)
    }

    /// At many wave vectors, side by side.
    public func frequencies(_ points: [SIMD3<Double>], parallelism: Parallelism) -> [[Double]] {
        var found = [[Double]](repeating: [], count: points.count)
        parallelism.update(&found, by: 16) { range, found in
            for k in range { found[k - range.lowerBound] = frequencies(points[k]) }
        }
        return found
    }

    /// √λ / 2π; Å⁻² eV/amu are `Units.acceleration` fs⁻².
    static func frequency(_ eigenvalue: Double) -> Double {
        let frequency = 1000 * (abs(eigenvalue) * Units.acceleration).squareRoot() / (2 * .pi)
        return eigenvalue < 0 ? -frequency : frequency
    }
}

/// Frequencies on a regular grid of wave vectors (Monkhorst and Pack, Phys. Rev. B 13, 5188 (1976)); q and −q count
/// once.
public struct PhononMesh: Sendable {
    public let size: SIMD3<Int>
    /// `[point][branch]`, THz
    public let frequencies: [[Double]]
    /// `[point]`; their sum is 1.
    public let weights: [Double]

    public init(of phonons: Phonons, size: SIMD3<Int>, parallelism: Parallelism) {
        precondition(size.min() >= 1, "expected a grid of at least one point, got \(size)")
        self.size = size
        var (points, weights) = ([SIMD3<Double>](), [Double]())
        let total = Double(size.x * size.y * size.z)
        func place(_ k: SIMD3<Int>) -> Int { k.x + size.x * (k.y + size.y * k.z) }
        for c in 0..<size.z {
            for b in 0..<size.y {
                for a in 0..<size.x {
                    let k = SIMD3(a, b, c)
                    // −(2k + 1 − n)/2n stands at n − 1 − k.
                    let opposite = size &- k &- SIMD3(1, 1, 1)
                    guard place(k) <= place(opposite) else { continue }
                    points.append(
                        SIMD3(
                            Double(2 * a + 1 - size.x) / Double(2 * size.x),
                            Double(2 * b + 1 - size.y) / Double(2 * size.y),
                            Double(2 * c + 1 - size.z) / Double(2 * size.z)))
                    weights.append((k == opposite ? 1 : 2) / total)
                }
            }
        }
        self.weights = weights
        frequencies = phonons.frequencies(points, parallelism: parallelism)
    }

    /// How many of the frequencies are imaginary, 0…1.
    public var imaginaryShare: Double {
        zip(frequencies, weights).reduce(0) { sum, point in
            let imaginary = point.0.count { $0 < -HarmonicThermodynamics.lowest }
            return sum + point.1 * Double(imaginary) / Double(max(1, point.0.count))
        }
    }

    /// States per THz and unit cell: each frequency a Gaussian of standard deviation `width` (THz). The integral is the
    /// number of branches.
    public func density(width: Double, points: Int = 400) -> [(frequency: Double, density: Double)] {
        let all = frequencies.joined()
        let (low, high) = ((all.min() ?? 0) - 5 * width, (all.max() ?? 0) + 5 * width)
        let step = (high - low) / Double(points - 1)
        var density = [Double](repeating: 0, count: points)
        for (branch, weight) in zip(frequencies, weights) {
            for frequency in branch {
                let center = Int(((frequency - low) / step).rounded())
                let reach = Int((6 * width / step).rounded(.up))
                for k in max(0, center - reach)...min(points - 1, center + reach) {
                    let x = (low + Double(k) * step - frequency) / width
                    density[k] += weight * exp(-0.5 * x * x) / (width * (2 * Double.pi).squareRoot())
                }
            }
        }
        return density.enumerated().map { (low + Double($0.offset) * step, $0.element) }
    }
}

/// Harmonic thermodynamics of a unit cell.
public struct HarmonicThermodynamics: Sendable, Equatable {
    /// K
    public var temperature: Double
    /// With that of the zero-point motion, eV.
    public var freeEnergy: Double
    /// eV/K
    public var entropy: Double
    /// At constant volume, eV/K.
    public var heatCapacity: Double

    /// Frequencies below this, and imaginary ones, are left out, THz.
    public static let lowest = 1e-3

    public init(of mesh: PhononMesh, temperature: Double) {
        self.temperature = temperature
        (freeEnergy, entropy, heatCapacity) = (0, 0, 0)
        let thermal = Units.boltzmann * temperature
        for (branch, weight) in zip(mesh.frequencies, mesh.weights) {
            for frequency in branch where frequency > Self.lowest {
                let energy = MolecularVibrations.planck * frequency
                freeEnergy += weight * 0.5 * energy
                guard thermal > 0, energy / thermal < 700 else { continue }
                let x = energy / thermal
                let (emptiness, occupation) = (-expm1(-x), 1 / expm1(x))
                freeEnergy += weight * thermal * log(emptiness)
                entropy += weight * Units.boltzmann * (x * occupation - log(emptiness))
                heatCapacity += weight * Units.boltzmann * x * x * occupation * (1 + occupation)
            }
        }
    }
}
