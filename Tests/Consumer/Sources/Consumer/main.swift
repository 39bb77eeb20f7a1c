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

// Features multiply with weights: every pair of channels to every channel of the wanted irreps, e3nn's
// FullyConnectedTensorProduct. Rows are many features at once; gradients are those of Σ output · cotangent.
let product = TensorProduct.fullyConnected("4x0e+2x1o", "1o", to: "4x0e+2x1o")
let rows: [Double] = (0..<20).map { Double($0 % 7) - 3 }
let weights = [Double](repeating: 0.5, count: product.weightCount)
let output = product(rows, [0.3, -1.2, 0.7, 1, 0, 0], weights: weights)
let gradients = product.gradients(
    .init(left: rows, right: [0.3, -1.2, 0.7, 1, 0, 0], weights: weights), cotangent: output)
let isLinear = zip(gradients.left, rows).map { $0 * $1 }.reduce(0, +) - output.map { $0 * $0 }.reduce(0, +)
print("\(product.weightCount) weights, \(output.count) numbers; linear in the left: \(abs(isLinear) < 1e-12)")

// Tensors with an index symmetry are irreps too: 21 elastic constants are two scalars, two tensors of degree 2 and
// one of degree 4.
let elastic = try CartesianTensor("ijkl=jikl=ijlk=klij")
print("elastic constants: \(elastic.irreps), \(elastic.irreps.dimension) numbers")

// A signal on the sphere, at the points of a grid and back.
let grid = SphereGrid(lMax: 4)
let signal = (0..<25).map { Double($0 % 5) - 2 }
let back = grid.coefficients(of: grid.values(of: signal))
print("\(grid.count) points hold a signal: \(zip(back, signal).allSatisfy { abs($0 - $1) < 1e-13 })")
