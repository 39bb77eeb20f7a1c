import Atoms
import Compute
import Foundation

/// Frames with every quantity, of random but seeded numbers.
enum Samples {
    static let triclinic = Cell(Matrix3(SIMD3(0.3, 9.7, 0.1), SIMD3(-8.9, 0.4, 0.2), SIMD3(0.5, 1.7, 10.1)))
    static let leftHanded = Cell(Matrix3(SIMD3(0.3, 9.7, 0.1), SIMD3(8.9, -0.4, 0.2), SIMD3(0.5, 1.7, 10.1)))
    static let slab = Cell(
        Matrix3(SIMD3(8, 0, 0), SIMD3(1, 9, 0), SIMD3(0, 0, 30)), periodic: (true, true, false))
    static let cubic = Cell(Matrix3(diagonal: SIMD3(repeating: 10)))

    static func frame(_ step: Int, cell: Cell?, count: Int = 7, seed: UInt64 = 5) -> Frame {
        let noise = Philox(seed: seed)
        func vectors(_ stream: UInt32, _ scale: Double) -> [SIMD3<Double>] {
            (0..<count).map { i in
                let x = noise.normals(at: Philox.counter(step: step, index: i, stream: stream))
                return SIMD3(x.x, x.y, x.z) * scale
            }
        }
        let elements = (0..<count).map { Element(atomicNumber: [6, 8, 1][$0 % 3])! }
        var structure = Structure(elements: elements, positions: vectors(0, 12), cell: cell)
        structure.velocities = vectors(1, 0.01)
        structure.forces = vectors(2, 1)
        structure.energy = -123.456789 - Double(step) / 3
        structure.stress = cell == nil ? nil : symmetric(3, step)
        var frame = Frame(structure: structure, step: step, time: 0.5 * Double(step))
        frame.kineticEnergy = 1.5 + Double(step) / 7
        frame.temperature = 300 + Double(step) / 11
        frame.conservedEnergy = -120 - Double(step) / 13
        frame.totalStress = cell == nil ? nil : symmetric(4, step)
        return frame

        func symmetric(_ stream: UInt32, _ step: Int) -> Matrix3 {
            let (u, v) = (vectors(stream, 0.01)[0], vectors(stream, 0.01)[1])
            return Matrix3(SIMD3(u.x, v.x, v.y), SIMD3(v.x, u.y, v.z), SIMD3(v.y, v.z, u.z))
        }
    }

    /// A folder that lasts as long as the closure.
    static func withFolder<R>(_ body: (String) throws -> R) throws -> R {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("apus-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder.path)
    }
}
