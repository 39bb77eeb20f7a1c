/// Real spherical harmonics Y of the direction of a vector, and their derivatives with respect to the vector.
///
/// e3nn's: polar axis y, component normalisation (Σ_m Y_lm² = 2l + 1), component m = −l … l of degree l at index
/// l² + l + m. With the unit vector (x, y, z), A_m + i B_m = (z + i x)^m and the associated Legendre functions
/// P̄ = Π_l^m(y) (1 − y²)^(m/2) without the phase (−1)^m,
///
///     Y_l,m = Π_l^m(y) A_m,   Y_l,−m = Π_l^m(y) B_m,
///     Π_l^m = a y Π_l−1^m − b Π_l−2^m,   dΠ_l^m/dy = c Π_l^m+1.
///
/// The recurrence in l at fixed m is stable for every degree (Holmes and Featherstone, J. Geodesy 76, 279 (2002), eq.
/// 11). Every degree above 0 of the zero vector is 0, as in e3nn, and so are its derivatives.
public struct SphericalHarmonics: Sendable {
    public let lMax: Int

    /// `[m]` Π_m^m.
    @usableFromInline let seeds: [Double]
    /// For m = 0 … lMax, for l = m … lMax: a, b (unused at l = m) and c (0 at l = m).
    @usableFromInline let coefficients: [SIMD3<Double>]

    public init(lMax: Int) {
        precondition(lMax >= 0, "expected a degree of at least 0, got \(lMax)")
        self.lMax = lMax
        seeds = (0...lMax).reduce(into: []) { seeds, m in
            let factor = m == 0 ? 1 : m == 1 ? 3.0.squareRoot() : (Double(2 * m + 1) / Double(2 * m)).squareRoot()
            seeds.append((seeds.last ?? 1) * factor)
        }
        coefficients = (0...lMax).flatMap { m in
            (m...lMax).map { l in
                let c = (Double((l - m) * (l + m + 1)) / (m == 0 ? 2 : 1)).squareRoot()
                guard l > m else { return SIMD3(0, 0, c) }
                let scale = Double(2 * l + 1) / Double((l - m) * (l + m))
                let a = (scale * Double(2 * l - 1)).squareRoot()
                let b = l < 2 ? 0 : (scale * Double((l + m - 1) * (l - m - 1)) / Double(2 * l - 3)).squareRoot()
                return SIMD3(a, b, c)
            }
        }
    }

    /// (lMax + 1)², the number of components.
    public var count: Int { (lMax + 1) * (lMax + 1) }

    /// Writes the harmonics of the vectors (x, y, z), one per lane, to `values[component]`, `count` of them.
    @inlinable
    public func evaluate<V: Lanes>(x: V, y: V, z: V, values: UnsafeMutablePointer<V>) {
        let inverse = V.inverseSquareRoot(x * x + y * y + z * z)
        let (x, y, z) = (x * inverse, y * inverse, z * inverse)
        legendre(y, unit: x * x + y * y + z * z, into: values)
        var (a, b) = (z, x)
        for m in stride(from: 1, through: lMax, by: 1) {
            for l in m...lMax {
                let centre = l * l + l
                let p = values[centre + m]
                values[centre + m] = p * a
                values[centre - m] = p * b
            }
            (a, b) = (a * z - b * x, a * x + b * z)
        }
    }

    /// Writes the harmonics to `values[component]` and their derivatives with respect to the vectors (in 1/length) to
    /// `gradient[component][xyz]`, `count` and 3 `count` of them.
    ///
    /// The derivative is that of the polynomial in the unit vector u, projected: (1/r) (g − u (u·g)).
    @inlinable
    public func evaluate<V: Lanes>(
        x: V, y: V, z: V, values: UnsafeMutablePointer<V>, gradient: UnsafeMutablePointer<V>
    ) {
        let inverse = V.inverseSquareRoot(x * x + y * y + z * z)
        let (x, y, z) = (x * inverse, y * inverse, z * inverse)
        legendre(y, unit: x * x + y * y + z * z, into: values)
        let zero = V.all(0)
        for axis in 0..<3 { gradient[axis] = zero }

        coefficients.withUnsafeBufferPointer { coefficients in
            var next = 1
            for l in stride(from: 1, through: lMax, by: 1) {
                let centre = l * l + l
                let slope = V.all(coefficients[next].z) * values[centre + 1] * inverse
                next += 1
                let radial = y * slope
                let row = gradient + 3 * centre
                row[0] = zero - x * radial
                row[1] = slope - y * radial
                row[2] = zero - z * radial
            }
            var (a, b, aBelow, bBelow) = (z, x, V.all(1), zero)
            for m in stride(from: 1, through: lMax, by: 1) {
                let order = V.all(Double(m))
                for l in m...lMax {
                    let centre = l * l + l
                    let p = values[centre + m]
                    // At l = m the coefficient is 0 and the value read belongs to another row.
                    let q = l == m ? zero : V.all(coefficients[next].z) * values[centre + m + 1] * inverse
                    next += 1
                    let (pa, pb) = (p * a, p * b)
                    values[centre + m] = pa
                    values[centre - m] = pb
                    let scale = order * inverse
                    let (along, across) = (scale * p * aBelow, scale * p * bBelow)
                    let (radialA, radialB) = (scale * pa + y * q * a, scale * pb + y * q * b)
                    let cosine = gradient + 3 * (centre + m)
                    cosine[0] = zero - across - x * radialA
                    cosine[1] = q * a - y * radialA
                    cosine[2] = along - z * radialA
                    let sine = gradient + 3 * (centre - m)
                    sine[0] = along - x * radialB
                    sine[1] = q * b - y * radialB
                    sine[2] = across - z * radialB
                }
                (aBelow, bBelow) = (a, b)
                (a, b) = (a * z - b * x, a * x + b * z)
            }
        }
    }

    /// The harmonics of one vector.
    public func callAsFunction(_ vector: SIMD3<Double>) -> [Double] {
        Array(unsafeUninitializedCapacity: count) { buffer, initialized in
            evaluate(x: vector.x, y: vector.y, z: vector.z, values: buffer.baseAddress!)
            initialized = count
        }
    }

    /// Π_l^m(y) at index l² + l + m for m ≥ 0. `unit` is 1, or 0 in the lanes of zero vectors, which makes all of them 0.
    @inlinable
    func legendre<V: Lanes>(_ y: V, unit: V, into values: UnsafeMutablePointer<V>) {
        seeds.withUnsafeBufferPointer { seeds in
            coefficients.withUnsafeBufferPointer { coefficients in
                var next = 0
                for m in 0...lMax {
                    var (last, current) = (V.all(0), V.all(seeds[m]))
                    values[m * m + 2 * m] = current
                    next += 1
                    for l in stride(from: m + 1, through: lMax, by: 1) {
                        let c = coefficients[next]
                        next += 1
                        (last, current) = (current, V.all(c.x) * y * current - V.all(c.y) * unit * last)
                        values[l * l + l + m] = current
                    }
                }
            }
        }
    }
}
