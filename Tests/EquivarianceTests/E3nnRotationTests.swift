import TestSupport
import Testing

@testable import Equivariance

@Suite struct E3nnRotationTests {
    @Test func rotationsAreThoseOfE3nn() throws {
        for item in try ReferenceCase.all("rotations") {
            let rotation = Rotation(
                alpha: try item.number("alpha"), beta: try item.number("beta"), gamma: try item.number("gamma"))
            let matrices = try item.rows("D")
            let wigner = WignerD(lMax: matrices.count - 1, of: rotation)
            for (l, matrix) in matrices.enumerated() {
                #expect(largestDifference(wigner[Irrep(l: l, parity: .even)], matrix) < agreement)
            }
            guard item.has("matrix") else { continue }
            #expect(largestDifference(rotation.elements, try item.numbers("matrix")) < 1e-14)
            #expect(
                largestDifference(rotation.elements, Rotation(quaternion: try item.numbers("quaternion")).elements)
                    < 1e-14)
            let turned = Rotation(axis: try item.numbers("axis"), angle: try item.number("angle"))
            #expect(largestDifference(rotation.elements, turned.elements) < 1e-14)
            let sign = (try item.numbers("quaternion"))[0] < 0 ? -1.0 : 1
            #expect(largestDifference(rotation.quaternion.map { $0 * sign }, try item.numbers("quaternion")) < 1e-14)
            let (axis, angle) = rotation.axisAndAngle
            #expect(largestDifference(axis, try item.numbers("axis")) < 1e-13)
            #expect(abs(angle - (try item.number("angle"))) < 1e-13)
            let inverse = try item.numbers("inverse_angles")
            #expect(
                largestDifference(
                    rotation.inverse.elements,
                    Rotation(alpha: inverse[0], beta: inverse[1], gamma: inverse[2]).elements) < 1e-14)
            let other = try item.numbers("other")
            let composed = rotation * Rotation(alpha: other[0], beta: other[1], gamma: other[2])
            #expect(largestDifference(composed.elements, try item.numbers("composed_matrix")) < 1e-14)
            let irreps = try item.irreps("irreps")
            #expect(largestDifference(WignerD(lMax: 2, of: rotation)[irreps], try item.numbers("D_proper")) < 1e-14)
            let improper = WignerD(lMax: 2, of: rotation * .inversion)[irreps]
            #expect(largestDifference(improper, try item.numbers("D_improper")) < 1e-14)
        }
        let points = try ReferenceCase.file("rotations").at("xyz_to_angles")
        for (point, angles) in zip(try points.rows("xyz"), try points.rows("angles")) {
            let (alpha, beta) = Rotation.angles(ofPoint: point)
            #expect(largestDifference([alpha, beta], angles) < 1e-14)
            let length = point.reduce(0) { $0 + $1 * $1 }.squareRoot()
            #expect(largestDifference(Rotation.point(alpha: alpha, beta: beta).map { $0 * length }, point) < 1e-14)
        }
    }

    @Test func anglesAxesAndQuaternionsDescribeEveryRotation() {
        var stream = SplitMix64(31)
        var rotations = (0..<200).map { _ in Rotation.random(using: &stream) }
        // Where angles are not unique, and where parts of the quaternion vanish.
        rotations += [.identity, .aboutX(.pi), .aboutY(.pi), .aboutY(0.3), .aboutX(1e-9), .aboutX(.pi - 1e-9)]
        rotations.append(.aboutX(.pi) * .aboutY(.pi))
        rotations.append(.aboutY(1) * .aboutX(.pi) * .aboutY(0.5))
        for rotation in rotations {
            let (alpha, beta, gamma) = rotation.eulerAngles
            #expect(
                largestDifference(Rotation(alpha: alpha, beta: beta, gamma: gamma).elements, rotation.elements)
                    < 1e-14)
            let (axis, angle) = rotation.axisAndAngle
            #expect(largestDifference(Rotation(axis: axis, angle: angle).elements, rotation.elements) < 1e-14)
            #expect(largestDifference(Rotation(quaternion: rotation.quaternion).elements, rotation.elements) < 1e-14)
            #expect(largestDifference((rotation * .inversion).quaternion, rotation.quaternion) == 0)
        }
    }
}
