import Atoms
import Compute
import Symmetry

/// Elastic constants, 6 × 6 in Voigt's order xx yy zz yz xz xy, in the units of their stresses.
public struct ElasticTensor: Sendable, Equatable {
    /// `[row][column]`: dσᵢ/dεⱼ, shear strains being 2 ε_yz and so on.
    public var rows: [[Double]]

    public init(_ rows: [[Double]]) {
        precondition(
            rows.count == 6 && rows.allSatisfy { $0.count == 6 }, "expected 6 × 6 constants, got \(rows.map(\.count))"
        )
        self.rows = rows
    }

    /// Index pairs of Voigt's order.
    public static let pairs = [(0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1)]

    /// A stress as six numbers.
    public static func voigt(_ stress: Matrix3) -> [Double] {
        pairs.map { 0.5 * (stress[$0.0, $0.1] + stress[$0.1, $0.0]) }
    }

    /// The strain whose Voigt component `index` is `size`.
    public static func strain(_ index: Int, _ size: Double) -> Matrix3 {
        var strain = Matrix3.zero
        let (i, j) = pairs[index]
        strain[i, j] += 0.5 * size
        strain[j, i] += 0.5 * size
        return strain
    }

    /// (C + Cᵀ)/2
    public var symmetric: ElasticTensor {
        ElasticTensor((0..<6).map { i in (0..<6).map { 0.5 * (rows[i][$0] + rows[$0][i]) } })
    }

    /// The largest difference of two constants.
    public func difference(from other: ElasticTensor) -> Double {
        zip(rows.joined(), other.rows.joined()).reduce(0) { max($0, abs($1.0 - $1.1)) }
    }

    /// Averaged over the point group: C_ijkl = R_ia R_jb R_kc R_ld C_abcd.
    public func symmetrized(_ group: SpaceGroup, in cell: Cell) -> ElasticTensor {
        var sum = [[Double]](repeating: Array(repeating: 0, count: 6), count: 6)
        for operation in group.operations {
            let r = operation.cartesianRotation(in: cell)
            // Of stresses in Voigt's order: σ′ = K σ; of strains with doubled shears K⁻ᵀ, so that C′ = K C Kᵀ.
            let k = Self.pairs.map { i, j in
                Self.pairs.map { a, b in
                    a == b ? r[i, a] * r[j, a] : r[i, a] * r[j, b] + r[i, b] * r[j, a]
                }
            }
            for i in 0..<6 {
                for j in 0..<6 {
                    for a in 0..<6 where k[i][a] != 0 {
                        for b in 0..<6 { sum[i][j] += k[i][a] * rows[a][b] * k[j][b] }
                    }
                }
            }
        }
        return ElasticTensor(sum.map { $0.map { $0 / Double(group.operations.count) } })
    }

    /// The eigenvalues in Kelvin's notation, ascending: a crystal is stable where all are positive. Mouhat and Coudert,
    /// Phys. Rev. B 90, 224104 (2014).
    public var eigenvalues: [Double] {
        func factor(_ i: Int) -> Double { i < 3 ? 1 : 2.0.squareRoot() }
        let c = symmetric.rows
        return Eigenvalues.symmetric((0..<36).map { c[$0 / 6][$0 % 6] * factor($0 / 6) * factor($0 % 6) }, n: 6)
    }

    /// C⁻¹; nil for a singular tensor.
    public var compliance: [[Double]]? {
        let unit = (0..<36).map { $0 / 6 == $0 % 6 ? 1.0 : 0 }
        return LinearSystem.solve(Array(rows.joined()), unit, columns: 6).map { s in
            (0..<6).map { i in Array(s[6 * i..<6 * i + 6]) }
        }
    }

    /// Moduli of a polycrystal.
    public struct Moduli: Sendable, Equatable {
        /// K and G of uniform strain (Voigt), uniform stress (Reuss), and their means (Hill).
        public var bulkVoigt, bulkReuss, bulkHill, shearVoigt, shearReuss, shearHill: Double
        /// E = 9 K G / (3 K + G) and ν = (3 K − 2 G) / (6 K + 2 G) by Hill.
        public var young, poisson: Double
        /// 5 G_V / G_R + K_V / K_R − 6; 0 for an isotropic solid. Ranganathan and Ostoja-Starzewski, Phys. Rev. Lett.
        /// 101, 055504 (2008).
        public var universalAnisotropy: Double
    }

    /// Hill, Proc. Phys. Soc. A 65, 349 (1952). Nil for a singular tensor.
    public var moduli: Moduli? {
        guard let s = compliance else { return nil }
        let c = symmetric.rows
        func trace(_ m: [[Double]]) -> Double { m[0][0] + m[1][1] + m[2][2] }
        func rest(_ m: [[Double]]) -> Double { m[0][1] + m[0][2] + m[1][2] }
        func shear(_ m: [[Double]]) -> Double { m[3][3] + m[4][4] + m[5][5] }
        let kv = (trace(c) + 2 * rest(c)) / 9
        let kr = 1 / (trace(s) + 2 * rest(s))
        let gv = (trace(c) - rest(c)) / 15 + shear(c) / 5
        let gr = 15 / (4 * trace(s) - 4 * rest(s) + 3 * shear(s))
        let (k, g) = (0.5 * (kv + kr), 0.5 * (gv + gr))
        return Moduli(
            bulkVoigt: kv, bulkReuss: kr, bulkHill: k, shearVoigt: gv, shearReuss: gr, shearHill: g,
            young: 9 * k * g / (3 * k + g), poisson: (3 * k - 2 * g) / (6 * k + 2 * g),
            universalAnisotropy: 5 * gv / gr + kv / kr - 6)
    }
}
