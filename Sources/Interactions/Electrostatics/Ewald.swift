import Atoms
import Compute
import Foundation
import Neighbors

/// The Coulomb energy of fixed charges in a periodic cell by Ewald's sum, in eV, with conducting surroundings.
///
///     E = k [ ½ Σ_ij q_i q_j erfc(α r_ij)/r_ij + (2π/V) Σ_{G≠0} e^{−G²/4α²}/G² |S(G)|² − α/√π Σ_i q_i² ]
///     S(G) = Σ_i q_i e^{iG·r_i},   k = e²/4πε₀
///
/// α and the largest G are such that both sums leave out less than `accuracy` of the energy of neighbouring charges:
/// erfc(α r_c) and e^{−G²/4α²} are about it. Time and memory grow as atoms × vectors; meant for some thousand atoms.
/// Ewald, Ann. Phys. 369, 253 (1921); the virial: Nosé and Klein, Mol. Phys. 50, 1055 (1983).
public final class Ewald: Interaction {
    /// Elementary charges, by element.
    public let charges: [Element: Double]
    public let cutoff: Double
    /// 1/Å
    public let screening: Double
    private let largest: Double
    private let parallelism: Parallelism

    /// `[vector]` of one half of reciprocal space: the integers and the prefactor 2 · 2πk/V e^{−G²/4α²}/G², of both
    /// halves (eV/e²).
    private var waves: [(place: SIMD3<Int>, vector: SIMD3<Double>, weight: Double)] = []
    private var cell: Cell?
    private var reach = SIMD3<Int>.zero
    /// `[vector]` — S(G), real and imaginary.
    private var structureFactors: [SIMD2<Double>] = []
    /// `[atom · (reach + 1) + n]` for each reciprocal axis — e^{2πi n s}.
    private var phases: [[SIMD2<Double>]] = [[], [], []]
    /// `[atom]`
    private var atomCharges: [Double] = []

    /// e²/4πε₀ in eV·Å, CODATA 2018.
    public static let coulomb = 14.3996454784936
    /// More would take longer than a step of any model.
    private static let mostWaves = 1 << 20
    private static let length = 256

    /// - Parameters:
    ///   - charges: elementary charges.
    ///   - cutoff: of the sum in space, Å.
    ///   - accuracy: as above, 10⁻¹⁴…10⁻².
    /// - Throws: `InteractionError` when a parameter makes no sense.
    public init(
        charges: [Element: Double], cutoff: Double, accuracy: Double = 1e-8, parallelism: Parallelism = .allCores
    ) throws {
        guard !charges.isEmpty, charges.values.allSatisfy({ abs($0) < 1e3 }) else {
            throw InteractionError(.invalidParameter, "Ewald's sum needs charges, in elementary charges.")
        }
        guard cutoff.isFinite, cutoff > 0, (1e-14...1e-2).contains(accuracy) else {
            throw InteractionError(
                .invalidParameter,
                "Ewald's sum needs a cutoff above 0 Å and an accuracy of 1e-14…1e-2; got \(cutoff) Å and \(accuracy)."
            )
        }
        self.charges = charges
        self.cutoff = cutoff
        self.parallelism = parallelism
        let logarithm = (-log(accuracy)).squareRoot()
        screening = logarithm / cutoff
        largest = 2 * screening * logarithm
    }

    public func check(elements: [Element]) throws {
        guard elements.allSatisfy({ charges[$0] != nil }) else {
            throw InteractionError.unknown(
                elements: elements, to: "Ewald's sum", covering: Array(charges.keys))
        }
        let sum = elements.reduce(0) { $0 + charges[$1]! }
        guard abs(sum) < 1e-9 * Double(max(1, elements.count)) else {
            throw InteractionError(
                .invalidParameter,
                "Ewald's sum needs a neutral cell; the charges of these \(elements.count) atoms add up to \(sum).")
        }
    }

    public func evaluate(_ configuration: Configuration, into result: inout InteractionResult) throws {
        guard configuration.isWhole, let cell = configuration.cell, cell.isFullyPeriodic else {
            throw InteractionError(
                .invalidParameter,
                "Ewald's sum needs all atoms with their positions and a cell that is periodic in three directions.")
        }
        let count = configuration.elements.count
        if atomCharges.count != count { atomCharges = Array(repeating: 0, count: count) }
        for i in 0..<count { atomCharges[i] = charges[configuration.elements[i]] ?? 0 }
        let charges = atomCharges
        try inSpace(configuration.edges, charges, into: &result)
        try find(cell)
        findPhases(configuration.positions, cell)
        sumWaves(count)
        overWaves(count, cell, into: &result)
        result.energy = result.atomicEnergies.reduce(0, +)
        guard result.energy.isFinite, result.virial.trace.isFinite else {
            throw InteractionError(
                .notFinite,
                "The Coulomb energy is not finite (\(result.energy) eV): do two charges lie on each other?")
        }
    }
}

// MARK: - In space

extension Ewald {
    /// Pairs within the cutoff, and what charges have of themselves.
    private func inSpace(_ edges: EdgeList, _ charges: [Double], into result: inout InteractionResult) throws {
        result.reset(count: edges.atomCount, ghosts: edges.ghostCount)
        let (alpha, cutoffSquared) = (screening, cutoff * cutoff)
        let ownShare = alpha / Double.pi.squareRoot()
        let virial = parallelism.reduce(
            &result.forces, &result.atomicEnergies, by: Self.length, from: Matrix3.zero, { $0 += $1 }
        ) { atoms, forces, energies in
            let (x, y, z, offsets, sources, charges) = (
                edges.x.span, edges.y.span, edges.z.span, edges.offsets.span, edges.sources.span, charges.span
            )
            var virial = Matrix3.zero
            for i in atoms {
                var (force, energy) = (SIMD3<Double>.zero, -Self.coulomb * ownShare * charges[i] * charges[i])
                for e in Int(offsets[i])..<Int(offsets[i + 1]) {
                    let r = SIMD3(x[e], y[e], z[e])
                    let square = dot(r, r)
                    guard square < cutoffSquared else { continue }
                    let distance = square.squareRoot()
                    let pair = Self.coulomb * charges[i] * charges[Int(sources[e])] / distance
                    let screened = pair * erfc(alpha * distance)
                    energy += 0.5 * screened
                    let slope =
                        -(screened + pair * 2 * ownShare * distance * exp(-alpha * alpha * square)) / distance
                    let pull = r * (slope / distance)
                    force += pull
                    virial += Matrix3.outer(pull, r) * -0.5
                }
                forces[i - atoms.lowerBound] = force
                energies[i - atoms.lowerBound] = energy
            }
            return virial
        }
        result.virial = (virial + virial.transposed) * 0.5
        guard result.wantsAtomicVirials else { return }
        for i in 0..<edges.atomCount {
            for e in Int(edges.offsets[i])..<Int(edges.offsets[i + 1]) {
                let r = SIMD3(edges.x[e], edges.y[e], edges.z[e])
                let square = dot(r, r)
                guard square < cutoffSquared else { continue }
                let distance = square.squareRoot()
                let pair = Self.coulomb * charges[i] * charges[Int(edges.sources[e])] / distance
                let slope =
                    -pair * (erfc(alpha * distance) + 2 * ownShare * distance * exp(-alpha * alpha * square))
                    / distance
                result.atomicVirials[i] += Matrix3.outer(r, r) * (-0.5 * slope / distance)
            }
        }
    }
}

// MARK: - In reciprocal space

extension Ewald {
    /// The vectors G of this cell: all with |G| up to the largest, of ±G the one whose first integer that is not zero
    /// is positive.
    private func find(_ cell: Cell) throws {
        guard cell != self.cell else { return }
        let reciprocal = cell.vectors.inverse.transposed * (2 * .pi)
        let lengths = (0..<3).map { norm(cell.vectors[row: $0]) }
        // n_k = G·a_k / 2π ≤ |G| |a_k| / 2π.
        let reach = SIMD3(lengths.map { Int((largest * $0 / (2 * .pi)).rounded(.down)) })
        let boxes = (0..<3).reduce(1.0) { $0 * Double(2 * reach[$1] + 1) }
        guard boxes < Double(Self.mostWaves) * 8 else {
            throw InteractionError(
                .invalidParameter,
                "Ewald's sum would take \(boxes) waves in a cell of \(cell.volume) Å³; use a longer cutoff.")
        }
        waves.removeAll(keepingCapacity: true)
        let square = largest * largest
        for a in 0...reach.x {
            for b in -reach.y...reach.y {
                for c in -reach.z...reach.z {
                    guard a > 0 || b > 0 || b == 0 && c > 0 else { continue }
                    let vector = SIMD3(Double(a), Double(b), Double(c)) * reciprocal
                    let length = dot(vector, vector)
                    guard length <= square else { continue }
                    let weight =
                        4 * Double.pi * Self.coulomb / cell.volume * exp(-length / (4 * screening * screening))
                        / length
                    waves.append((SIMD3(a, b, c), vector, weight))
                }
            }
        }
        self.reach = reach
        self.cell = cell
        if structureFactors.count < waves.count {
            structureFactors.append(contentsOf: repeatElement(.zero, count: waves.count - structureFactors.count))
        }
    }

    /// e^{2πi n s} by multiplication, from the exponential of n = 1.
    private func findPhases(_ positions: [SIMD3<Double>], _ cell: Cell) {
        let inverse = cell.vectors.inverse
        for axis in 0..<3 {
            let row = reach[axis] + 1
            let count = positions.count * row
            if phases[axis].count != count { phases[axis] = Array(repeating: .zero, count: count) }
            parallelism.update(&phases[axis], by: Self.length * row) { range, phases in
                let positions = positions.span
                for start in stride(from: 0, to: range.count, by: row) {
                    let s = (positions[(range.lowerBound + start) / row] * inverse)[axis]
                    let angle = 2 * Double.pi * (s - s.rounded(.down))
                    let step = SIMD2(cos(angle), sin(angle))
                    var phase = SIMD2(1.0, 0)
                    for n in 0..<row {
                        phases[start + n] = phase
                        phase = Self.product(phase, step)
                    }
                }
            }
        }
    }

    @inline(__always)
    private static func product(_ a: SIMD2<Double>, _ b: SIMD2<Double>) -> SIMD2<Double> {
        SIMD2(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x)
    }

    /// e^{iG·r} of an atom.
    @inline(__always)
    private static func phase(
        _ atom: Int, _ place: SIMD3<Int>, _ reach: SIMD3<Int>, _ a: borrowing Span<SIMD2<Double>>,
        _ b: borrowing Span<SIMD2<Double>>, _ c: borrowing Span<SIMD2<Double>>
    ) -> SIMD2<Double> {
        let x = a[atom * (reach.x + 1) + place.x]
        var y = b[atom * (reach.y + 1) + abs(place.y)]
        var z = c[atom * (reach.z + 1) + abs(place.z)]
        if place.y < 0 { y.y = -y.y }
        if place.z < 0 { z.y = -z.y }
        return product(product(x, y), z)
    }

    private func sumWaves(_ count: Int) {
        let (waves, reach, charges, used) = (waves, reach, atomCharges, waves.count)
        let (alongA, alongB, alongC) = (phases[0], phases[1], phases[2])
        parallelism.update(&structureFactors, by: 16) { range, factors in
            let (a, b, c, charges) = (alongA.span, alongB.span, alongC.span, charges.span)
            for w in range where w < used {
                var sum = SIMD2<Double>.zero
                let place = waves[w].place
                for i in 0..<count { sum += Self.phase(i, place, reach, a, b, c) * charges[i] }
                factors[w - range.lowerBound] = sum
            }
        }
    }

    /// Adds the energies, forces and virials of the waves: an atom has ½ q_i φ_i.
    private func overWaves(_ count: Int, _ cell: Cell, into result: inout InteractionResult) {
        let (waves, reach, charges, factors) = (waves, reach, atomCharges, structureFactors)
        let (alongA, alongB, alongC) = (phases[0], phases[1], phases[2])
        let inverseSquare = 1 / (4 * screening * screening)
        parallelism.reduce(
            &result.forces, &result.atomicEnergies, by: 64, from: (), { _, _ in }
        ) { atoms, forces, energies in
            let (a, b, c, charges) = (alongA.span, alongB.span, alongC.span, charges.span)
            let factors = factors.span
            for i in atoms {
                var (force, energy) = (SIMD3<Double>.zero, 0.0)
                for w in waves.indices {
                    let wave = waves[w]
                    let phase = Self.phase(i, wave.place, reach, a, b, c)
                    let factor = factors[w]
                    energy += wave.weight * (phase.x * factor.x + phase.y * factor.y)
                    force += wave.vector * (2 * wave.weight * (phase.y * factor.x - phase.x * factor.y))
                }
                forces[i - atoms.lowerBound] += force * charges[i]
                energies[i - atoms.lowerBound] += energy * charges[i]
            }
        }
        // −dE/dε of each wave: E (1 − 2 (1/G² + 1/4α²) G ⊗ G).
        func strain(_ vector: SIMD3<Double>) -> Matrix3 {
            let square = dot(vector, vector)
            return Matrix3.identity + Matrix3.outer(vector, vector) * (-2 * (1 / square + inverseSquare))
        }
        for w in waves.indices {
            let factor = factors[w]
            result.virial += strain(waves[w].vector) * (waves[w].weight * dot(factor, factor))
        }
        guard result.wantsAtomicVirials else { return }
        let (a, b, c) = (alongA.span, alongB.span, alongC.span)
        for i in 0..<count {
            for w in waves.indices {
                let phase = Self.phase(i, waves[w].place, reach, a, b, c)
                let share = waves[w].weight * charges[i] * (phase.x * factors[w].x + phase.y * factors[w].y)
                result.atomicVirials[i] += strain(waves[w].vector) * share
            }
        }
    }

    private func dot(_ a: SIMD2<Double>, _ b: SIMD2<Double>) -> Double { (a * b).sum() }
    private func dot(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> Double { (a * b).sum() }
}
