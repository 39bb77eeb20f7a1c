import Equivariance

// What a feature of a network looks like: four numbers that stay when space turns (even scalars, 0e), and two vectors
// (odd under inversion, 1o), whose components mix. In all 4 × 1 + 2 × 3 numbers.
let features = try Irreps(parsing: "4x0e + 2x1o")
print("\(features) has \(features.dimension) components")

// The direction of a bond as harmonics up to degree 2: 1 + 3 + 5 numbers, which carry its angular information.
let harmonics = SphericalHarmonics(lMax: 2)
func values(_ r: SIMD3<Double>) -> [Double] {
    var values = [Double](repeating: 0, count: harmonics.count)
    harmonics.evaluate(x: r.x, y: r.y, z: r.z, values: &values)
    return values
}
let bond = SIMD3(0.3, -1.2, 0.7)

// Turning the bond turns its harmonics by a matrix for each degree: Y(R r) = D(R) Y(r).
let turn = Rotation(alpha: 0.4, beta: 1.1, gamma: -0.7)
let turned = WignerD(lMax: 2, of: turn).rotating(values(bond), .sphericalHarmonics(lMax: 2))
let difference = zip(turned, values(turn * bond)).map { abs($0 - $1) }.max()!
print("turned harmonics agree: \(difference < 1e-14)")

// Two vectors multiply to a scalar, a pseudovector and a symmetric tensor; the 3j symbols say how.
let vector = Irrep(l: 1, parity: .odd)
print("\(vector) × \(vector) = \((vector * vector).map(\.description).joined(separator: " + "))")
let dot = Wigner3j(1, 1, 0)
let isNormalized = dot.entries.allSatisfy { abs($0.value * $0.value - 1 / 3) < 1e-15 }
print("their dot product has \(dot.entries.count) terms, each with the weight 1/√3: \(isNormalized)")
