import Atoms
import Symmetry

/// A path of wave vectors between points of high symmetry.
public struct BandPath: Sendable, Equatable {
    public struct Point: Sendable, Equatable {
        public var name: String
        /// Fractional, in the reciprocal cell of the structure.
        public var q: SIMD3<Double>

        public init(name: String, q: SIMD3<Double>) {
            self.name = name
            self.q = q
        }
    }

    /// Pieces without a break, each from point to point.
    public var pieces: [[Point]]
    /// Whether it is the standard path of the lattice.
    public var isStandard: Bool

    /// A path of one's own.
    public init(_ points: [Point]) { (pieces, isStandard) = ([points], false) }

    /// The path of Setyawan and Curtarolo, Comput. Mater. Sci. 49, 299 (2010), for lattices that are cubic, hexagonal,
    /// or primitive tetragonal or orthorhombic; for others, and without a group, ways from Γ along the reciprocal
    /// vectors.
    ///
    /// - Parameter primitive: the standard primitive cell (rows), in the orientation of the structure.
    public init(of structure: Structure, group: SpaceGroup?, primitive: Matrix3?) {
        if let group, let primitive, let text = Self.paths[Self.lattice(group)] {
            let vectors = structure.cell!.vectors
            let change = primitive.inverse.transposed
            let (points, pieces) = text
            self.pieces = pieces.split(separator: "|").map { piece in
                piece.split(separator: " ").map { name in
                    let f = points[String(name)] ?? [0, 0, 0]
                    let cartesian = SIMD3(f[0], f[1], f[2]) * change
                    return Point(
                        name: String(name),
                        q: SIMD3(
                            dot(vectors.rows.0, cartesian), dot(vectors.rows.1, cartesian),
                            dot(vectors.rows.2, cartesian)))
                }
            }
            isStandard = true
        } else {
            let gamma = Point(name: "Γ", q: .zero)
            func end(_ x: Double, _ y: Double, _ z: Double, _ name: String) -> Point {
                Point(name: name, q: SIMD3(x, y, z))
            }
            pieces = [
                [
                    end(0.5, 0, 0, "½00"), gamma, end(0, 0.5, 0, "0½0"),
                ], [end(0, 0, 0.5, "00½"), gamma, end(0.5, 0.5, 0.5, "½½½")],
            ]
            isStandard = false
        }
    }

    /// Crystal system and centring, as in the keys of `paths`.
    private static func lattice(_ group: SpaceGroup) -> String {
        let system =
            switch group.number {
            case 195...: "cubic"
            case 143...194: "hexagonal"
            case 75...142: "tetragonal"
            case 16...74: "orthorhombic"
            default: "other"
            }
        return "\(system) \(group.centring)"
    }

    private static let (half, third) = (0.5, 1.0 / 3)
    private static let paths: [String: (points: [String: [Double]], path: String)] = [
        "cubic P": (
            ["X": [0, half, 0], "M": [half, half, 0], "R": [half, half, half]], "Γ X M Γ R X|M R"
        ),
        "cubic F": (
            [
                "X": [half, 0, half], "W": [half, 0.25, 0.75], "K": [0.375, 0.375, 0.75], "L": [half, half, half],
                "U": [0.625, 0.25, 0.625],
            ], "Γ X W K Γ L U W L K|U X"
        ),
        "cubic I": (["H": [half, -half, half], "P": [0.25, 0.25, 0.25], "N": [0, 0, half]], "Γ H N Γ P H|P N"),
        "hexagonal P": (
            [
                "A": [0, 0, half], "H": [third, third, half], "K": [third, third, 0], "L": [half, 0, half],
                "M": [half, 0, 0],
            ], "Γ M K Γ A L H A|L M|K H"
        ),
        "tetragonal P": (
            [
                "A": [half, half, half], "M": [half, half, 0], "R": [0, half, half], "X": [0, half, 0],
                "Z": [0, 0, half],
            ], "Γ X M Γ Z R A Z|X R|M A"
        ),
        "orthorhombic P": (
            [
                "R": [half, half, half], "S": [half, half, 0], "T": [0, half, half], "U": [half, 0, half],
                "X": [half, 0, 0], "Y": [0, half, 0], "Z": [0, 0, half],
            ], "Γ X S Y Γ Z U R T Z|Y T|U X|S R"
        ),
    ]

    /// Wave vectors along the path, with their distance from its start (1/Å, of 2π/λ) and the names at the ends of
    /// ways.
    ///
    /// - Parameter density: points for each 1/Å.
    public func sampled(in cell: Cell, density: Double = 60) -> [(q: SIMD3<Double>, distance: Double, name: String?)]
    {
        let reciprocal = cell.vectors.inverse.transposed * (2 * Double.pi)
        var (samples, distance) = ([(q: SIMD3<Double>, distance: Double, name: String?)](), 0.0)
        for piece in pieces {
            samples.append((piece[0].q, distance, piece[0].name))
            for (from, to) in zip(piece, piece.dropFirst()) {
                let length = norm((to.q - from.q) * reciprocal)
                let count = max(2, Int((length * density).rounded(.up)))
                for k in 1...count {
                    let fraction = Double(k) / Double(count)
                    samples.append(
                        (
                            from.q + (to.q - from.q) * fraction, distance + length * fraction,
                            k == count ? to.name : nil
                        ))
                }
                distance += length
            }
        }
        return samples
    }
}
