import CApus
import Equivariance

/// Irreps that C programs name by text, and the functions of rotations and directions. Nothing is computed here.
extension Irreps {
    /// Throws where a pointer is null or the text is none.
    init(named text: UnsafePointer<CChar>?, _ what: String) throws {
        let bytes = try text.orFailure(what)
        guard let text = String(validatingCString: bytes) else {
            throw Failure.argument("expected \(what) such as 32x0e+16x1o, found bytes that are no text")
        }
        do {
            try self.init(parsing: text)
        } catch {
            throw Failure.argument("\(error)")
        }
    }

    /// The irreps that occur in a text; `nil` for a null pointer.
    static func set(named text: UnsafePointer<CChar>?, _ what: String) throws -> Set<Irrep>? {
        text == nil ? nil : Set(try Irreps(named: text, what).map(\.irrep))
    }
}

/// Writes a text with its final zero where there is room for it.
func store(_ text: String, at place: UnsafeMutablePointer<CChar>?, room: Int64) throws {
    let place = try place.orFailure("a place for the text")
    let bytes = text.utf8CString
    guard bytes.count <= room else {
        throw Failure.argument("expected room for \(bytes.count) bytes of text, found \(room)")
    }
    bytes.withUnsafeBufferPointer { place.update(from: $0.baseAddress!, count: $0.count) }
}

/// Which irreps a function makes of others.
private func combined(_ operation: String, _ a: Irreps, _ b: () throws -> Irreps) throws -> Irreps {
    switch operation {
    case "parsed": return a
    case "sorted": return a.sorted
    case "simplified": return a.simplified
    case "regrouped": return a.regrouped
    case "product":
        let b = try b()
        guard a.count * b.count <= 10_000, (a.lMax ?? 0) + (b.lMax ?? 0) <= 30 else {
            throw Failure.argument(
                "expected irreps with a sum of degrees of at most 30 and at most 10000 pairs of blocks for their product"
            )
        }
        return a * b
    default:
        throw Failure.argument(
            "expected parsed, sorted, simplified, regrouped or product to be done with irreps, found '\(operation)'")
    }
}

@_cdecl("apus_irreps")
public func apusIrreps(
    _ operation: UnsafePointer<CChar>?, _ irreps: UnsafePointer<CChar>?, _ other: UnsafePointer<CChar>?,
    _ result: UnsafeMutablePointer<CChar>?, _ room: Int64
) -> apus_status {
    reporting {
        let operation = String(cString: try operation.orFailure("what to do with irreps"))
        let found = try combined(
            operation, try Irreps(named: irreps, "irreps"), { try Irreps(named: other, "the other irreps") })
        try store(found.description, at: result, room: room)
    }
}

@_cdecl("apus_irreps_order")
public func apusIrrepsOrder(
    _ irreps: UnsafePointer<CChar>?, _ order: UnsafeMutablePointer<CInt>?
) -> apus_status {
    reporting {
        let irreps = try Irreps(named: irreps, "irreps")
        let order = try order.orFailure("a place for the order")
        for (place, block) in irreps.sortedOrder.enumerated() { order[place] = CInt(block) }
    }
}

@_cdecl("apus_wigner_3j")
public func apusWigner3j(
    _ l1: CInt, _ l2: CInt, _ l3: CInt, _ values: UnsafeMutablePointer<Double>?
) -> apus_status {
    reporting {
        let values = try values.orFailure("a place for the values")
        let (a, b, c) = (Int(l1), Int(l2), Int(l3))
        guard min(a, b, c) >= 0, a <= 60, b <= 60, c >= abs(a - b), c <= a + b, a + b + c <= 60 else {
            throw Failure.argument(
                "expected degrees with |l1 − l2| ≤ l3 ≤ l1 + l2 and a sum of at most 60, found \(l1), \(l2), \(l3)")
        }
        let found = Wigner3j(a, b, c).values
        values.update(from: found, count: found.count)
    }
}

@_cdecl("apus_wigner_d")
public func apusWignerD(
    _ irreps: UnsafePointer<CChar>?, _ rotation: UnsafePointer<Double>?, _ matrix: UnsafeMutablePointer<Double>?
) -> apus_status {
    reporting {
        let irreps = try Irreps(named: irreps, "irreps")
        let rotation = try checkedRotation(rotation)
        let matrix = try matrix.orFailure("a place for the matrix")
        guard irreps.dimension <= 20_000 else {
            throw Failure.argument("expected at most 20000 components for a matrix, found \(irreps.dimension)")
        }
        let found = WignerD(lMax: max(irreps.lMax ?? 0, 1), of: rotation)[irreps]
        matrix.update(from: found, count: found.count)
    }
}

private func checkedRotation(_ elements: UnsafePointer<Double>?) throws -> Rotation {
    let elements = Array(UnsafeBufferPointer(start: try elements.orFailure("a rotation"), count: 9))
    for i in 0..<3 {
        for j in 0..<3 {
            let product = (0..<3).reduce(0) { $0 + elements[3 * i + $1] * elements[3 * j + $1] }
            guard abs(product - (i == j ? 1 : 0)) < 1e-6 else {
                throw Failure.argument(
                    "expected an orthogonal matrix, found rows \(i + 1) and \(j + 1) with the product \(product)")
            }
        }
    }
    return Rotation(elements: elements)
}

@_cdecl("apus_rotation")
public func apusRotation(
    _ description: UnsafePointer<CChar>?, _ numbers: UnsafePointer<Double>?, _ matrix: UnsafeMutablePointer<Double>?
) -> apus_status {
    reporting {
        let kind = String(cString: try description.orFailure("how the rotation is described"))
        let n = try numbers.orFailure("numbers of the rotation")
        let matrix = try matrix.orFailure("a place for the matrix")
        let rotation: Rotation
        switch kind {
        case "angles": rotation = Rotation(alpha: n[0], beta: n[1], gamma: n[2])
        case "axis":
            let axis = [n[0], n[1], n[2]]
            guard axis.contains(where: { $0 != 0 }), axis.allSatisfy(\.isFinite), n[3].isFinite else {
                throw Failure.argument("expected an axis with a direction and an angle, found \(axis), \(n[3])")
            }
            rotation = Rotation(axis: axis, angle: n[3])
        case "quaternion":
            let q = (0..<4).map { n[$0] }
            guard q.contains(where: { $0 != 0 }), q.allSatisfy(\.isFinite) else {
                throw Failure.argument("expected a quaternion that is not zero, found \(q)")
            }
            rotation = Rotation(quaternion: q)
        default: throw Failure.argument("expected angles, axis or quaternion, found '\(kind)'")
        }
        matrix.update(from: rotation.elements, count: 9)
    }
}

@_cdecl("apus_rotation_as")
public func apusRotationAs(
    _ description: UnsafePointer<CChar>?, _ matrix: UnsafePointer<Double>?, _ numbers: UnsafeMutablePointer<Double>?
) -> apus_status {
    reporting {
        let kind = String(cString: try description.orFailure("how the rotation shall be described"))
        let rotation = try checkedRotation(matrix)
        let numbers = try numbers.orFailure("a place for the numbers")
        let found: [Double]
        switch kind {
        case "angles":
            let (alpha, beta, gamma) = rotation.eulerAngles
            found = [alpha, beta, gamma]
        case "axis":
            let (axis, angle) = rotation.axisAndAngle
            found = axis + [angle]
        case "quaternion": found = rotation.quaternion
        default: throw Failure.argument("expected angles, axis or quaternion, found '\(kind)'")
        }
        numbers.update(from: found, count: found.count)
    }
}

/// By e3nn's name.
func normalization(named name: UnsafePointer<CChar>?) throws -> HarmonicNormalization {
    let name = String(cString: try name.orFailure("a normalisation"))
    guard let normalization = HarmonicNormalization(rawValue: name) else {
        throw Failure.argument("expected component, norm or integral as the normalisation, found '\(name)'")
    }
    return normalization
}

@_cdecl("apus_spherical_harmonics")
public func apusSphericalHarmonics(
    _ lMax: CInt, _ name: UnsafePointer<CChar>?, _ ofDirections: CInt, _ count: Int64,
    _ vectors: UnsafePointer<Double>?, _ values: UnsafeMutablePointer<Double>?,
    _ gradients: UnsafeMutablePointer<Double>?
) -> apus_status {
    reporting {
        let largest = ofDirections != 0 ? 64 : 29
        guard (0...largest).contains(Int(lMax)) else {
            throw Failure.argument("expected a degree of 0 to \(largest), found \(lMax)")
        }
        let harmonics = HarmonicFunction(
            lMax: Int(lMax), normalization: try normalization(named: name), ofDirections: ofDirections != 0)
        guard count >= 0 else { throw Failure.argument("expected a count of at least 0, found \(count)") }
        if count == 0 { return }
        let given = UnsafeBufferPointer(start: try vectors.orFailure("vectors"), count: 3 * Int(count))
        if let values {
            let found = harmonics.values(Array(given))
            values.update(from: found, count: found.count)
        }
        if let gradients {
            let found = harmonics.gradients(Array(given))
            gradients.update(from: found, count: found.count)
        }
    }
}

@_cdecl("apus_sphere_grid")
public func apusSphereGrid(
    _ lMax: CInt, _ betas: CInt, _ alphas: CInt, _ name: UnsafePointer<CChar>?, _ toValues: CInt, _ rows: Int64,
    _ input: UnsafePointer<Double>?, _ output: UnsafeMutablePointer<Double>?
) -> apus_status {
    reporting {
        let (l, n, k) = (Int(lMax), Int(betas), Int(alphas))
        guard (0...64).contains(l), n.isMultiple(of: 2), n >= 2 * (l + 1), k >= 2 * l + 1, n <= 4096, k <= 4096 else {
            throw Failure.argument(
                "expected, for degree \(l) of 0 to 64, an even number of at least \(2 * (l + 1)) polar angles and at least \(2 * l + 1) azimuthal ones, at most 4096, found \(n) and \(k)"
            )
        }
        guard rows >= 0 else { throw Failure.argument("expected a count of at least 0, found \(rows)") }
        let grid = SphereGrid(lMax: l, betas: n, alphas: k, normalization: try normalization(named: name))
        let (coefficients, points) = ((l + 1) * (l + 1), grid.count)
        let (from, to) = toValues != 0 ? (coefficients, points) : (points, coefficients)
        let input = try input.orFailure("numbers")
        let output = try output.orFailure("a place for the result")
        for row in 0..<Int(rows) {
            let given = Array(UnsafeBufferPointer(start: input + row * from, count: from))
            let found = toValues != 0 ? grid.values(of: given) : grid.coefficients(of: given)
            (output + row * to).update(from: found, count: to)
        }
    }
}
