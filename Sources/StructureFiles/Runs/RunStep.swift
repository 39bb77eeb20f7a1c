import Atoms

/// What is known of one step of a run of an electronic-structure program: assembled piece by piece while its lines are
/// read, and judged by `RunSteps.finish`.
///
/// Units as in `Structure`. What the file has not said is nil, never zero.
struct RunStep {
    /// Its number in the run, as the file counts.
    var place: String
    var elements: [Element]?
    /// Å
    var positions: [SIMD3<Double>]?
    /// Å, rows; nil for a molecule.
    var lattice: Matrix3?
    var periodic = [true, true, true]
    /// eV, of what the forces are derivatives of.
    var energy: Double?
    /// eV/Å
    var forces: [SIMD3<Double>]?
    /// eV/Å³, positive in tension. Averaged with its transpose where it is handed over.
    var stress: Matrix3?
    /// Å/fs
    var velocities: [SIMD3<Double>]?
    /// `[atom]`, as in `Structure`.
    var moveMask: [SIMD3<Int8>]?
    var properties: [Property: [Double]] = [:]
    /// Whether the electrons are converged; nil where the file does not say.
    var isConverged: Bool?
    /// Whether the file, or its run, ends within the step.
    var isCut = false
    /// What could not be read, with its line.
    var flaw: String?
    var isMachineLearned = false
    /// Whether a step without an energy is a structure too: of a file that holds positions alone.
    var needsEnergy = true
    /// Whether a step without forces is none.
    var needsForces = false
    var information: [String: String] = [:]

    init(place: String) { self.place = place }

    /// Why the step is no structure; nil for one that is.
    var reason: (reason: RunStepReason, detail: String?)? {
        if isMachineLearned { return (.machineLearned, nil) }
        if let flaw = flaw ?? notFinite { return (.unreadable, flaw) }
        let isWhole =
            positions != nil && elements != nil && (energy != nil || !needsEnergy)
            && (forces != nil || !needsForces)
        guard isWhole, !isCut else { return (isCut ? .cut : .notPrinted, nil) }
        if isConverged == false { return (.unconverged, nil) }
        return nil
    }

    /// A label or coordinate that is NaN, infinite or beyond what a double resolves.
    private var notFinite: String? {
        func isBad(_ v: SIMD3<Double>) -> Bool { !(abs(v.x) + abs(v.y) + abs(v.z) <= CheckedCell.largestCoordinate) }
        if let energy, !energy.isFinite { return "its energy is \(energy)" }
        if let atom = forces?.firstIndex(where: isBad) { return "the force on atom \(atom + 1) is \(forces![atom])" }
        if let atom = positions?.firstIndex(where: isBad) {
            return "the position of atom \(atom + 1) is \(positions![atom])"
        }
        if let stress {
            guard stress.elements.allSatisfy(\.isFinite) else { return "its stress is no numbers" }
            // Programs print few digits, and some of them forces that do not add up: a hundredth is their rounding.
            let largest = stress.elements.map(abs).max() ?? 0
            let difference = (stress - stress.transposed).elements.map(abs).max() ?? 0
            guard difference <= max(1e-2 * largest, 1e-4) else { return "its stress is not symmetric" }
        }
        return nil
    }
}

extension RunStep {
    /// The charge of a cell as text, nuclei less electrons; nil where it is neutral within what was printed.
    static func charge(of difference: Double, printed tolerance: Double = 1e-4) -> String? {
        guard difference.isFinite, abs(difference) > tolerance else { return nil }
        return "\((difference * 1e4).rounded() / 1e4)"
    }
}
