/// A function of the values of a signal on the sphere: to a grid, the function at each point, and back. e3nn's
/// `S2Activation`. Equivariant as far as the grid resolves the result.
public struct SphereActivation: Sendable {
    public let function: ScalarFunction
    /// What the function is multiplied by, its second moment by default.
    public let factor: Double
    private let input, output: SphereGrid

    /// The normalisation is that of coefficients of the input; the result has the same scale of degree and grid.
    public init(
        _ function: ScalarFunction, factor: Double? = nil, lMax: Int, to outputDegree: Int? = nil, resolution: Int,
        normalization: HarmonicNormalization = .component
    ) {
        (self.function, self.factor) = (function, factor ?? function.secondMoment)
        input = SphereGrid(
            lMax: lMax, betas: resolution, alphas: resolution - 1, normalization: normalization)
        output = SphereGrid(
            lMax: outputDegree ?? lMax, betas: resolution, alphas: resolution - 1, normalization: normalization,
            normalizingDegree: lMax)
    }

    public func callAsFunction(_ coefficients: [Double]) -> [Double] {
        output.coefficients(of: input.values(of: coefficients).map { factor * function($0) })
    }

    /// The derivatives by the coefficients of Σ result·cotangent.
    public func gradient(_ coefficients: [Double], cotangent: [Double]) -> [Double] {
        let slopes = input.values(of: coefficients).map { factor * function.slope($0) }
        let back = output.cotangent(ofValues: cotangent)
        return input.cotangent(ofCoefficients: zip(back, slopes).map { $0 * $1 })
    }
}
