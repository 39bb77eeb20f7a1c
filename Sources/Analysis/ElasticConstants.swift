import Atoms
import Interactions
import Relaxation
import Symmetry

/// Elastic constants dσ/dε by central differences of the stress at strains ±h and ±h/2, extrapolated to h → 0:
/// C = (4 D(h/2) − D(h)) / 3, whose error is of fourth order in h.
public struct ElasticConstants: Sendable {
    /// With atoms that follow the strain, eV/Å³; as they came out.
    public let clamped: ElasticTensor
    /// With atoms relaxed at each strain; nil where that was not asked for.
    public let relaxed: ElasticTensor?
    /// The largest change by the extrapolation, eV/Å³: an upper estimate of the error of differences.
    public let extrapolation: Double
    /// The stress without strain, eV/Å³.
    public let stress: Matrix3
    /// Strains whose atoms could not be relaxed.
    public let failures: [String]

    private static let factors = [1, -1, 0.5, -0.5]

    /// - Parameters:
    ///   - size: h, of a Voigt component of the strain.
    ///   - forceTolerance: eV/Å, of atoms relaxed at each strain; nil leaves them clamped.
    /// - Throws: what the evaluation throws.
    public init(
        of structure: Structure, by evaluator: Evaluator, size: Double = 0.01, forceTolerance: Double? = 1e-6,
        progress: (RelaxationProgress) -> Void = { _ in }
    ) throws {
        guard let cell = structure.cell else {
            preconditionFailure("a structure without a cell has no elastic constants")
        }
        var strained: [Structure] = [structure]
        for component in 0..<6 {
            for factor in Self.factors {
                strained.append(structure.strained(by: ElasticTensor.strain(component, factor * size)))
            }
        }
        let results = try evaluator.evaluate(strained)
        let stresses = zip(strained, results).map { $0.cell!.stress(ofVirial: $1.virial) }
        stress = cell.stress(ofVirial: results[0].virial)
        let (rough, fine) = Self.tensors(Array(stresses.dropFirst()), size)
        clamped = fine
        guard let forceTolerance else {
            relaxed = nil
            extrapolation = fine.difference(from: rough)
            failures = []
            return
        }
        var settings = RelaxationSettings()
        settings.forceTolerance = forceTolerance
        settings.largestMove = 0.05
        var (index, found, failed) = (1, [Matrix3](), [String]())
        try Relaxation(evaluator, settings: settings, energyNoise: 1e-12).run {
            guard index < strained.count else { return nil }
            defer { index += 1 }
            return (strained[index], nil)
        } progress: { step in
            progress(step)
        } finished: { outcome in
            found.append(outcome.structure.stress ?? .zero)
            if let failure = outcome.failure {
                failed.append(
                    "strain \(outcome.index / 4 + 1) of 6, size \(Self.factors[outcome.index % 4] * size): \(failure)"
                )
            }
        }
        let (roughRelaxed, fineRelaxed) = Self.tensors(found, size)
        relaxed = fineRelaxed
        extrapolation = fineRelaxed.difference(from: roughRelaxed)
        failures = failed
    }

    /// At the smaller step, and extrapolated.
    private static func tensors(_ stresses: [Matrix3], _ size: Double) -> (ElasticTensor, ElasticTensor) {
        var (rough, fine) = (ElasticTensor.zero, ElasticTensor.zero)
        for component in 0..<6 {
            let s = (0..<4).map { ElasticTensor.voigt(stresses[4 * component + $0]) }
            for i in 0..<6 {
                let (wide, narrow) = ((s[0][i] - s[1][i]) / (2 * size), (s[2][i] - s[3][i]) / size)
                rough.rows[i][component] = narrow
                fine.rows[i][component] = (4 * narrow - wide) / 3
            }
        }
        return (rough, fine)
    }
}

extension ElasticTensor {
    static let zero = ElasticTensor(Array(repeating: Array(repeating: 0, count: 6), count: 6))
}

extension Structure {
    /// Cell and atoms under a strain: r′ = r (1 + ε).
    public func strained(by strain: Matrix3) -> Structure {
        let deformation = Matrix3.identity + strain
        var strained = self
        strained.cell?.vectors = (cell?.vectors ?? .identity) * deformation
        strained.positions = positions.map { $0 * deformation }
        return strained
    }
}
