import Atoms

/// An operation of a space group as a CIF writes it, `-y+1/2, x+1/2, z+1/2`: `r' = W r + w` in fractional coordinates.
struct SymmetryOperation: Equatable {
    /// Rows of W.
    var rotation: [SIMD3<Double>] = []
    var translation = SIMD3<Double>.zero

    static let identity = SymmetryOperation(
        rotation: [SIMD3(1, 0, 0), SIMD3(0, 1, 0), SIMD3(0, 0, 1)], translation: .zero)

    private init(rotation: [SIMD3<Double>], translation: SIMD3<Double>) {
        (self.rotation, self.translation) = (rotation, translation)
    }

    /// Throws a `FormatProblem`.
    init(_ text: String) throws {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw Self.problem(text) }
        for (axis, part) in parts.enumerated() {
            guard let (row, shift) = Self.component(part) else { throw Self.problem(text) }
            rotation.append(row)
            translation[axis] = shift
        }
        let determinant = dot(rotation[0], cross(rotation[1], rotation[2]))
        guard abs(abs(determinant) - 1) < 1e-6 else { throw Self.problem(text) }
    }

    private static func problem(_ text: String) -> FormatProblem {
        FormatProblem("expected a symmetry operation such as -y+1/2,x+1/2,z, found \"\(text.prefix(60))\"")
    }

    /// `x-y+1/2`: the factors of x, y, z and the number.
    private static func component(_ text: Substring) -> (SIMD3<Double>, Double)? {
        var row = SIMD3<Double>.zero
        var shift = 0.0
        var rest = text.filter { $0 != " " && $0 != "\t" }[...]
        guard !rest.isEmpty else { return nil }
        while let first = rest.first {
            var sign = 1.0
            if first == "+" || first == "-" {
                sign = first == "-" ? -1 : 1
                rest = rest.dropFirst()
            }
            var factor: Double?
            let digits = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            if !digits.isEmpty {
                guard var number = Double(digits.hasSuffix(".") ? "\(digits)0" : String(digits)) else { return nil }
                rest = rest.dropFirst(digits.count)
                if rest.first == "/" {
                    let below = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
                    guard let divisor = Double(below), divisor != 0 else { return nil }
                    rest = rest.dropFirst(1 + below.count)
                    number /= divisor
                }
                if rest.first == "*" { rest = rest.dropFirst() }
                factor = number
            }
            if let letter = rest.first, let axis = ["x", "y", "z"].firstIndex(of: letter.lowercased()) {
                row[axis] += sign * (factor ?? 1)
                rest = rest.dropFirst()
            } else {
                guard let factor else { return nil }
                shift += sign * factor
            }
        }
        return (row, shift)
    }

    func callAsFunction(_ r: SIMD3<Double>) -> SIMD3<Double> {
        SIMD3(dot(rotation[0], r), dot(rotation[1], r), dot(rotation[2], r)) + translation
    }

    /// Whether it is the identity up to lattice vectors.
    var isIdentity: Bool {
        rotation == Self.identity.rotation && translation == translation.rounded(.toNearestOrEven)
    }
}
