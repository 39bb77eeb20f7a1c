import Atoms
import Interactions

/// Images of a structure between two ends, held apart by springs along the path and pushed across it by the forces on
/// the atoms:
///
///     F_k = f_k − (f_k · τ) τ + κ (|R_{k+1} − R_k| − |R_k − R_{k−1}|) τ
///
/// with the improved tangent τ: towards the neighbour of higher energy, and near extrema a mean of both weighted by
/// differences of energy. Henkelman and Jónsson, J. Chem. Phys. 113, 9978 (2000), eqs. 8 to 12. The highest image may
/// climb, without springs: F = f − 2 (f · τ) τ. Henkelman, Uberuaga and Jónsson, ibid., 9901, eq. 5.
///
/// An open structure without fixed atoms can turn and drift without a force that brings it back. The way from image to
/// image is then taken without its part along `RigidMotions` of the image, and so is each step: the path is one of
/// internal motion. Melander, Laasonen and Jónsson, J. Chem. Theory Comput. 11, 1055 (2015), do so by turning images
/// onto each other.
struct ElasticBand {
    /// From end to end, each atom near to where it was before.
    private(set) var images: [Structure]
    /// Of the ends first and last.
    private(set) var results: [InteractionResult]
    private(set) var climbing: Int?
    let settings: BandSettings
    private let isFixed: [Bool]
    /// Whether nothing but the atoms themselves holds them.
    private let isFree: Bool
    /// `[image]`, empty where something holds the atoms.
    private var rigid: [RigidMotions] = []

    /// - Parameter turnsFreely: whether rigid motions of what nothing holds are left out; a first guess of a path may
    ///   need them.
    init(
        _ images: [Structure], ends: (InteractionResult, InteractionResult), settings: BandSettings,
        turnsFreely: Bool = true
    ) {
        precondition(images.count >= 3, "expected an image between the ends, got \(images.count) in all")
        self.images = images
        self.settings = settings
        // A lone atom has no motion but that in a field.
        isFree =
            turnsFreely && images[0].count > 1 && settings.fixedAtoms.isEmpty
            && (images[0].cell?.isPeriodic ?? .zero) == .zero
        isFixed = (0..<images[0].count).map(settings.fixedAtoms.contains)
        results = Array(repeating: ends.0, count: images.count)
        results[images.count - 1] = ends.1
        findRigidMotions()
    }

    private mutating func findRigidMotions() {
        if isFree { rigid = images.map { RigidMotions(of: $0.positions) } }
    }

    /// A displacement of an image as it counts: without rigid motions of what is free.
    private func internalPart(_ vector: [Double], at image: Int) -> [Double] {
        rigid.isEmpty ? vector : rigid[image].removed(from: vector)
    }

    private var atoms: Int { images[0].count }
    var between: Range<Int> { 1..<images.count - 1 }

    /// R_b − R_a, `[3 atom + axis]`.
    private func difference(_ a: Int, _ b: Int) -> [Double] {
        var difference = [Double](repeating: 0, count: 3 * atoms)
        for atom in 0..<atoms {
            let d = images[b].positions[atom] - images[a].positions[atom]
            for k in 0..<3 { difference[3 * atom + k] = d[k] }
        }
        return difference
    }

    /// To the next image and from the one before.
    private func ways(_ image: Int) -> (ahead: [Double], behind: [Double]) {
        (
            internalPart(difference(image, image + 1), at: image),
            internalPart(difference(image - 1, image), at: image)
        )
    }

    /// f, zero for what is fixed.
    private func trueForce(_ image: Int) -> [Double] {
        var force = [Double](repeating: 0, count: 3 * atoms)
        for atom in 0..<atoms where !isFixed[atom] {
            for k in 0..<3 { force[3 * atom + k] = results[image].forces[atom][k] }
        }
        return force
    }

    /// τ, of unit length; of an end along its only neighbour.
    func tangent(_ image: Int) -> [Double] {
        let last = images.count - 1
        if image == 0 { return unit(internalPart(difference(0, 1), at: 0)) }
        if image == last { return unit(internalPart(difference(last - 1, last), at: last)) }
        let (ahead, behind) = ways(image)
        let (before, here, after) = (results[image - 1].energy, results[image].energy, results[image + 1].energy)
        if after > here, here > before { return unit(ahead) }
        if after < here, here < before { return unit(behind) }
        let changes = (abs(after - here), abs(before - here))
        let (large, small) = (max(changes.0, changes.1), min(changes.0, changes.1))
        guard large > 0 else { return unit(sum(ahead, 1, behind)) }
        let (a, b) = after > before ? (large, small) : (small, large)
        return unit(sum(ahead.map { $0 * a }, b, behind))
    }

    private func unit(_ vector: [Double]) -> [Double] {
        let length = product(vector, vector).squareRoot()
        return length > 0 ? vector.map { $0 / length } : vector
    }

    /// F of an image between the ends.
    func force(_ image: Int) -> [Double] {
        let (f, tangent) = (trueForce(image), tangent(image))
        let along = product(f, tangent)
        if image == climbing { return sum(f, -2 * along, tangent) }
        let (ahead, behind) = ways(image)
        let spring =
            settings.springConstant
            * (product(ahead, ahead).squareRoot() - product(behind, behind).squareRoot())
        return sum(f, spring - along, tangent)
    }

    /// dE/ds along the path, eV/Å.
    func slope(_ image: Int) -> Double { -product(trueForce(image), tangent(image)) }

    /// Of the path up to each image, Å in the space of all atoms.
    var lengths: [Double] {
        var lengths = [0.0]
        for image in 1..<images.count {
            let d = internalPart(difference(image - 1, image), at: image)
            lengths.append(lengths[image - 1] + product(d, d).squareRoot())
        }
        return lengths
    }

    /// The longest F on an atom, and of each image between the ends.
    var largestForces: [Double] {
        between.map { Self.longest(force($0)) }
    }

    /// Of the vectors of atoms.
    static func longest(_ vector: [Double]) -> Double {
        var square = 0.0
        for atom in 0..<vector.count / 3 {
            let v = SIMD3(vector[3 * atom], vector[3 * atom + 1], vector[3 * atom + 2])
            square = max(square, dot(v, v))
        }
        return square.squareRoot()
    }

    private mutating func chooseClimbing(_ largest: Double) {
        guard settings.climbs, climbing != nil || largest < settings.climbingThreshold else { return }
        climbing = between.max { results[$0].energy < results[$1].energy }
    }

    private mutating func move(_ base: [Structure], by step: [Double]) {
        for image in between {
            let first = (image - 1) * 3 * atoms
            for atom in 0..<atoms where !isFixed[atom] {
                let k = first + 3 * atom
                images[image].positions[atom] = base[image].positions[atom] + SIMD3(step[k], step[k + 1], step[k + 2])
            }
        }
        findRigidMotions()
    }

    /// What may be taken of a step: internal motion, shortened as a whole so that no atom moves farther than
    /// `largestMove`.
    private func allowed(_ step: [Double]) -> [Double] {
        let length = 3 * atoms
        let step = between.flatMap { image in
            internalPart(Array(step[(image - 1) * length..<image * length]), at: image)
        }
        let longest = Self.longest(step)
        return longest > settings.largestMove ? step.map { $0 * settings.largestMove / longest } : step
    }

    /// What became of a band.
    struct Outcome {
        var isConverged: Bool
        var iterations: Int
    }

    /// Moves the images until no force of the band is above the tolerance.
    ///
    /// - Parameter evaluate: energies and forces of the images between the ends, all at once. Where it throws after the
    ///   first time, a part of the step is tried.
    mutating func relax(
        progress: (ElasticBand, Int) -> Void = { _, _ in }, evaluate: ([Structure]) throws -> [InteractionResult]
    ) throws -> Outcome {
        var minimizer: any BandMinimizer =
            switch settings.method {
            case .fire: BandFIRE()
            case .lbfgs: try BandLBFGS(images[between].map { try metric($0) })
            }
        var (base, step) = (images, [Double]())
        var (iteration, failures) = (0, 0)
        while true {
            let found: [InteractionResult]
            do {
                found = try evaluate(Array(images[between]))
            } catch {
                guard iteration > 0, failures < 4 else { throw error }
                failures += 1
                step = step.map { $0 * 0.25 }
                minimizer.shorten(by: 0.25)
                move(base, by: step)
                continue
            }
            (iteration, failures) = (iteration + 1, 0)
            for (image, result) in zip(between, found) { results[image] = result }
            let before = climbing
            chooseClimbing(largestForces.max() ?? 0)
            if before != climbing { minimizer.forget() }
            let largest = largestForces.max() ?? 0
            progress(self, iteration)
            if largest <= settings.forceTolerance, !settings.climbs || climbing != nil {
                return Outcome(isConverged: true, iterations: iteration)
            }
            guard iteration < settings.maximumIterations else {
                return Outcome(isConverged: false, iterations: iteration)
            }
            base = images
            step = minimizer.step(along: between.flatMap { force($0) }) { allowed($0) }
            move(base, by: step)
        }
    }

    /// A model of the second derivatives of an image.
    private func metric(_ structure: Structure) throws -> BondModel {
        let plain = RelaxationSettings()
        return try BondModel(
            DeformedStructure(structure, freedom: .none, group: nil, settings: plain), fixed: settings.fixedAtoms)
    }
}
