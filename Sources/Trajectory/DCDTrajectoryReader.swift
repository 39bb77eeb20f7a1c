import Atoms
import Files
import Foundation

/// Reads DCD files: those of `DCDTrajectory`, and those of CHARMM, NAMD, LAMMPS and others in this machine's order of
/// bytes whose atoms all move.
///
/// Cells have six numbers, lengths with cosines or with degrees. Programs write the timestep in units of their own, so
/// that times are taken from files written here only.
public final class DCDTrajectoryReader: FrameReader {
    public let path: String
    public let elements: [Element]
    public let frameCount: Int
    public let hasTimes: Bool
    private let handle: FileHandle
    private let hasCell: Bool
    private let firstFrame, frameSize: Int
    private let start, every: Int
    /// fs
    private let timestep: Double

    /// - Parameter elements: of the atoms, which the file does not say.
    /// - Throws: `TrajectoryError` when the file cannot be opened, is no DCD file or has other atoms.
    public init(_ path: String, elements: [Element]) throws {
        self.path = path
        self.elements = elements
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw TrajectoryError(.cannotRead, path, "cannot be opened: \(SystemError.reason(errno)).")
        }
        self.handle = handle
        var position = 0
        func malformed(_ message: String) -> TrajectoryError { TrajectoryError(.malformed, path, message) }
        func record(_ what: String) throws -> Data {
            guard let head = try? handle.read(upToCount: 4), head.count == 4 else {
                throw malformed("the file ends before \(what).")
            }
            let length = Int(Self.integer(head, 0))
            guard length >= 0, length <= 1 << 20, let body = try? handle.read(upToCount: length + 4),
                body.count == length + 4, Self.integer(body, length) == Self.integer(head, 0)
            else {
                throw malformed(
                    "expected a record of Fortran with \(what), found none; files of the other order of bytes are not read."
                )
            }
            position += length + 8
            return body.prefix(length)
        }
        let header = try record("the header of DCD")
        guard header.count == 84, header.prefix(4).elementsEqual("CORD".utf8) else {
            throw malformed("expected the header of DCD (CORD), found none.")
        }
        let title = String(decoding: try record("the title"), as: UTF8.self)
        let atoms = try record("the number of atoms")
        guard atoms.count == 4, Int(Self.integer(atoms, 0)) == elements.count else {
            throw TrajectoryError(
                .mismatch, path,
                "the file has \(atoms.count == 4 ? Int(Self.integer(atoms, 0)) : 0) atoms, the topology \(elements.count)."
            )
        }
        guard Self.integer(header, 36) == 0 else {
            throw malformed("atoms that do not move stand in the first frame only, which is not read here.")
        }
        guard Self.integer(header, 80) != 0 else {
            throw malformed("expected a file of CHARMM's kind, found one of X-PLOR, whose header differs.")
        }
        hasCell = Self.integer(header, 44) == 1
        (start, every) = (Int(Self.integer(header, 8)), max(1, Int(Self.integer(header, 12))))
        timestep = Double(Float(bitPattern: UInt32(bitPattern: Self.integer(header, 40)))) * DCDTrajectory.akma
        hasTimes = title.contains("written by Apus") && timestep > 0
        firstFrame = position
        frameSize = (hasCell ? 4 + 48 + 4 : 0) + 3 * (4 + 4 * elements.count + 4)
        guard let end = try? handle.seekToEnd() else { throw malformed("its size cannot be found.") }
        frameCount = (Int(end) - firstFrame) / frameSize
    }

    public func frame(at index: Int) throws -> Frame {
        precondition(index >= 0 && index < frameCount, "expected a frame of 0..<\(frameCount), got \(index)")
        func malformed(_ message: String) -> TrajectoryError {
            TrajectoryError(.malformed, path, "frame \(index + 1): \(message)")
        }
        guard (try? handle.seek(toOffset: UInt64(firstFrame + index * frameSize))) != nil,
            let bytes = try? handle.read(upToCount: frameSize), bytes.count == frameSize
        else { throw malformed("cannot be read.") }
        var offset = 0
        func record(_ length: Int) throws -> Int {
            guard Self.integer(bytes, offset) == Int32(length),
                Self.integer(bytes, offset + length + 4) == Int32(length)
            else { throw malformed("expected a record of \(length) bytes, found \(Self.integer(bytes, offset)).") }
            defer { offset += length + 8 }
            return offset + 4
        }
        var cell: Cell?
        if hasCell {
            let at = try record(48)
            let numbers = bytes.withUnsafeBytes { raw in
                (0..<6).map { raw.loadUnaligned(fromByteOffset: at + 8 * $0, as: Double.self) }
            }
            guard let found = Self.cell(numbers) else { throw malformed("the cell \(numbers) has no volume.") }
            cell = found
        }
        let count = elements.count
        var positions = [SIMD3<Double>](repeating: .zero, count: count)
        for axis in 0..<3 {
            let at = try record(4 * count)
            bytes.withUnsafeBytes { raw in
                for atom in 0..<count {
                    positions[atom][axis] = Double(raw.loadUnaligned(fromByteOffset: at + 4 * atom, as: Float.self))
                }
            }
        }
        guard positions.allSatisfy({ dot($0, $0).isFinite }) else { throw malformed("a position is not a number.") }
        let step = start + index * every
        return Frame(
            structure: Structure(elements: elements, positions: positions, cell: cell), step: step,
            time: hasTimes ? Double(step) * timestep : Double(index))
    }

    /// Of `[A, cos γ, B, cos β, cos α, C]`, or with degrees; nil for what is none.
    private static func cell(_ n: [Double]) -> Cell? {
        let isCosines = [n[1], n[3], n[4]].allSatisfy { abs($0) <= 1 }
        let c = [n[4], n[3], n[1]].map { isCosines ? $0 : Cell.cosine(degrees: $0) }
        return Cell(lengths: SIMD3(n[0], n[2], n[5]), cosines: SIMD3(c[0], c[1], c[2]))
    }

    private static func integer(_ data: Data, _ offset: Int) -> Int32 {
        data.withUnsafeBytes { Int32(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Int32.self)) }
    }
}
