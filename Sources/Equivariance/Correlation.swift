/// Correlations of signals: how much a filter, turned by R, is like a signal. The layers of spherical networks.
///
/// Both are Σ_l of products of coefficients with D^l(R): a signal on rotations again.
public enum Correlation {
    /// [ψ ⋆ f](R) = ∫ ψ(R⁻¹x) f(x) dx over the unit sphere, as coefficients of Σ_l Σ_mn F^l_mn D^l_mn(R), in the order
    /// l, m, n: F^l_mn = f_lm ψ_ln. Of several channels, the sum.
    ///
    /// Coefficients of f = Σ f_lm Y_lm with ∫ Y² = 1.
    public static func sphere(filter: [[Double]], signal: [[Double]], lMax: Int) -> [Double] {
        combine(filter, signal, width: (lMax + 1) * (lMax + 1), lMax) { f, psi, l, m, n in
            f[l * l + m] * psi[l * l + n]
        }
    }

    /// [ψ ⋆ f](R) = ∫ ψ(R⁻¹Q) f(Q) dQ over all rotations (of total volume 1), as coefficients like those of ψ and f,
    /// which are Σ F^l_mn D^l_mn(Q): F^l_mn = Σ_k f^l_mk ψ^l_nk/(2l + 1). Of several channels, the sum.
    public static func rotations(filter: [[Double]], signal: [[Double]], lMax: Int) -> [Double] {
        combine(filter, signal, width: RotationGrid.coefficientCount(lMax: lMax), lMax) { f, psi, l, m, n in
            let (start, width) = (l * (2 * l - 1) * (2 * l + 1) / 3, 2 * l + 1)
            return (0..<width).reduce(0) {
                $0 + f[start + m * width + $1] * psi[start + n * width + $1]
            } / Double(width)
        }
    }

    /// Σ_l Σ_mn F^l_mn D^l_mn(R): the value at a proper rotation of such coefficients.
    public static func value(of coefficients: [Double], at rotation: Rotation, lMax: Int) -> Double {
        precondition(
            coefficients.count == RotationGrid.coefficientCount(lMax: lMax),
            "expected \(RotationGrid.coefficientCount(lMax: lMax)) coefficients, got \(coefficients.count)")
        let wigner = WignerD(lMax: lMax, of: rotation)
        let elements = (0...lMax).flatMap { wigner[Irrep(l: $0, parity: .even)] }
        return zip(coefficients, elements).reduce(0) { $0 + $1.0 * $1.1 }
    }

    private static func combine(
        _ filter: [[Double]], _ signal: [[Double]], width: Int, _ lMax: Int,
        _ product: (_ f: [Double], _ psi: [Double], _ l: Int, _ m: Int, _ n: Int) -> Double
    ) -> [Double] {
        precondition(
            filter.count == signal.count, "expected \(signal.count) channels of the filter, got \(filter.count)")
        for coefficients in filter + signal {
            precondition(coefficients.count == width, "expected \(width) coefficients, got \(coefficients.count)")
        }
        return (0...lMax).flatMap { (l: Int) -> [Double] in
            let width = 2 * l + 1
            return (0..<width * width).map { index in
                var sum = 0.0
                for (f, psi) in zip(signal, filter) { sum += product(f, psi, l, index / width, index % width) }
                return sum
            }
        }
    }
}
