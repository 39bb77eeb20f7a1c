/// The matrices by which irreps turn when space does: Y(R x) = D(R) Y(x), with D(R S) = D(R) D(S).
///
/// e3nn's real basis, where D¹ is R itself. Every degree follows from R and the degree below by the recurrence of
/// Ivanic and Ruedenberg, J. Phys. Chem. 100, 6342 (1996), with the correction in 102, 9099 (1998); it uses only
/// products of matrix elements, so there are no singular angles. Its basis (y, z, x) about the polar axis z is ours,
/// (x, y, z) about y, under another name.
public struct WignerD: Sendable {
    public let lMax: Int
    public let rotation: Rotation

    /// `[l][row * (2l + 1) + column]`, of the proper part of the rotation.
    private let matrices: [[Double]]

    public init(lMax: Int, of rotation: Rotation) {
        precondition(lMax >= 0, "expected a degree of at least 0, got \(lMax)")
        self.lMax = lMax
        self.rotation = rotation
        let proper = rotation.isProper ? rotation : rotation * .inversion
        var matrices = [[1], proper.elements]
        while matrices.count <= lMax { matrices.append(Self.next(after: matrices[matrices.count - 1], matrices[1])) }
        self.matrices = matrices
    }

    /// The (2l+1) × (2l+1) matrix of an irrep, row by row, with the sign of its parity if the rotation inverts space.
    public subscript(irrep: Irrep) -> [Double] {
        precondition(irrep.l <= lMax, "expected a degree of at most \(lMax), got \(irrep.l)")
        let sign = rotation.isProper ? 1 : irrep.parity.sign
        return matrices[irrep.l].map { $0 * sign }
    }

    /// The matrix of a sum of irreps, row by row: the irreps' matrices along the diagonal, once for each channel.
    public subscript(irreps: Irreps) -> [Double] {
        let size = irreps.dimension
        var result = Array(repeating: 0.0, count: size * size)
        for (block, range) in zip(irreps, irreps.ranges) {
            let (matrix, width) = (self[block.irrep], block.irrep.dimension)
            for first in stride(from: range.lowerBound, to: range.upperBound, by: width) {
                for i in 0..<width * width {
                    result[(first + i / width) * size + first + i % width] = matrix[i]
                }
            }
        }
        return result
    }

    /// Turns a feature vector, for each block `[channel][m]` as e3nn stores it.
    public func rotating(_ features: [Double], _ irreps: Irreps) -> [Double] {
        precondition(
            features.count == irreps.dimension, "expected \(irreps.dimension) components, got \(features.count)")
        var turned = features
        for (block, range) in zip(irreps, irreps.ranges) {
            let (matrix, width) = (self[block.irrep], block.irrep.dimension)
            for i in range {
                let row = (i - range.lowerBound) % width
                turned[i] = (0..<width).reduce(0) { $0 + matrix[row * width + $1] * features[i - row + $1] }
            }
        }
        return turned
    }
}

extension WignerD {
    /// Degree l from degree l − 1 (`below`) and degree 1 (`first`): tables 1 and 2 of the paper, D = u U + v V + w W.
    private static func next(after below: [Double], _ first: [Double]) -> [Double] {
        let lower = { (m: Int, n: Int, l: Int) in below[(m + l - 1) * (2 * l - 1) + n + l - 1] }
        let one = { (i: Int, j: Int) in first[3 * (i + 1) + j + 1] }
        let width = Int(Double(below.count).squareRoot()) + 2
        let l = width / 2

        func p(_ i: Int, _ a: Int, _ n: Int) -> Double {
            switch n {
            case l: one(i, 1) * lower(a, l - 1, l) - one(i, -1) * lower(a, 1 - l, l)
            case -l: one(i, 1) * lower(a, 1 - l, l) + one(i, -1) * lower(a, l - 1, l)
            default: one(i, 0) * lower(a, n, l)
            }
        }
        func v(_ m: Int, _ n: Int) -> Double {
            switch m {
            case 0: p(1, 1, n) + p(-1, -1, n)
            case 1: p(1, 0, n) * 2.0.squareRoot()
            case -1: p(-1, 0, n) * 2.0.squareRoot()
            case 2...: p(1, m - 1, n) - p(-1, 1 - m, n)
            default: p(1, m + 1, n) + p(-1, -m - 1, n)
            }
        }
        func w(_ m: Int, _ n: Int) -> Double {
            m > 0 ? p(1, m + 1, n) + p(-1, -m - 1, n) : p(1, m - 1, n) - p(-1, 1 - m, n)
        }

        return (0..<width * width).map { index in
            let (m, n) = (index / width - l, index % width - l)
            let scale = 1 / Double(abs(n) < l ? (l + n) * (l - n) : 2 * l * (2 * l - 1)).squareRoot()
            let inner = Double((l + m) * (l - m)).squareRoot()
            let outer = Double((l + abs(m)) * (l + abs(m) - 1)).squareRoot() / 2 * (m == 0 ? -(2.0.squareRoot()) : 1)
            let far = m == 0 ? 0 : -Double((l - abs(m)) * (l - abs(m) - 1)).squareRoot() / 2
            return scale
                * ((inner == 0 ? 0 : inner * p(0, m, n)) + outer * v(m, n) + (far == 0 ? 0 : far * w(m, n)))
        }
    }
}
