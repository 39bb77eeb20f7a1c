import Atoms
import Files
import Foundation

/// A trajectory of positions as CHARMM, NAMD and LAMMPS write it: binary, in single precision, read by VMD, MDAnalysis,
/// mdtraj and others, which take the names of atoms from elsewhere (`PDBTopology`).
///
/// It holds positions and the cell alone; its steps are equally spaced, and follow from the header. Records are
/// Fortran's, between their lengths: a header of 84 bytes, a title, the number of atoms, and for each frame the cell
/// `[A, cos γ, B, cos β, cos α, C]` and x, y and z of all atoms. Cells are turned as in `NetCDFTrajectory`. The number
/// of frames stands in the header after `synchronize` and `close`; readers go by the size.
public final class DCDTrajectory: TrajectoryWriter {
    public let path: String
    public private(set) var mark = FrameMark()
    private let every: Int
    private let timestep: Double
    private let wrapsPositions: Bool
    private let title: String
    private let file: AppendedFile
    private var header: Header?

    /// 1 of CHARMM's units of time in fs.
    static let akma = 48.88821

    struct Header: Equatable {
        var atoms: Int
        var start: Int
        var every: Int
        var hasCell: Bool

        /// Bytes of everything before the frames.
        static let size = (4 + 84 + 4) + (4 + 4 + 160 + 4) + (4 + 4 + 4)
        var frameSize: Int { (hasCell ? 4 + 48 + 4 : 0) + 3 * (4 + 4 * atoms + 4) }
    }

    /// - Parameters:
    ///   - every: steps between two frames.
    ///   - timestep: fs
    ///   - wrapsPositions: fold positions into the cell along its periodic vectors.
    /// - Throws: `TrajectoryError` when the file exists and `existing` is `.refuse`, or when it cannot be written.
    public init(
        _ path: String, existing: ExistingFile = .refuse, every: Int, timestep: Double, wrapsPositions: Bool = false,
        title: String = ""
    ) throws {
        (self.path, self.every, self.timestep) = (path, every, timestep)
        (self.wrapsPositions, self.title) = (wrapsPositions, title)
        var scan = FrameScan()
        if case .append(let step) = existing {
            scan = try Self.scan(path, through: step)
            header = scan.mark.frames > 0 ? try Self.header(of: path) : nil
        }
        file = try .opening(path, existing, kept: scan.end)
        mark = scan.mark
    }

    public func append(_ frame: Frame) throws {
        let structure = frame.structure
        let own = Header(
            atoms: structure.count, start: header?.start ?? frame.step, every: every, hasCell: structure.cell != nil)
        guard header == nil || header == own else {
            throw TrajectoryError(
                .mismatch, path,
                "the frame of step \(frame.step) has other atoms, steps or no cell where the frames before have. Begin another file."
            )
        }
        let expected = own.start + mark.frames * every
        guard frame.step == expected, frame.step <= Int(Int32.max) else {
            throw TrajectoryError(
                .mismatch, path,
                "the frame of step \(frame.step) does not fit: frames of DCD are equally spaced, and the next is of step \(expected)."
            )
        }
        var bytes = Data()
        if header == nil { bytes += headerBytes(own) }
        let orientation = structure.cell.map(StandardOrientation.init)
        if let orientation {
            let (l, a) = orientation.cell.lengthsAndAngles
            func cosine(_ degrees: Double) -> Double { degrees == 90 ? 0 : cos(degrees * .pi / 180) }
            Self.record(&bytes, of: [l.x, cosine(a.z), l.y, cosine(a.y), cosine(a.x), l.z])
        }
        let positions = structure.positions.map { x in
            let folded = wrapsPositions ? structure.cell?.wrapped(x) ?? x : x
            return SIMD3<Float>(orientation?.turn(folded) ?? folded)
        }
        for axis in 0..<3 { Self.record(&bytes, of: positions.map { $0[axis] }) }
        try TrajectoryError.translating(path, step: frame.step) { try file.append(bytes) }
        header = own
        mark = FrameMark(frames: mark.frames + 1, step: frame.step)
    }

    private static func record<Value>(_ bytes: inout Data, of values: [Value]) {
        values.withUnsafeBytes { content in
            let length = UInt32(content.count).littleEndian
            withUnsafeBytes(of: length) { bytes.append(contentsOf: $0) }
            bytes.append(contentsOf: content)
            withUnsafeBytes(of: length) { bytes.append(contentsOf: $0) }
        }
    }

    private func headerBytes(_ header: Header) -> Data {
        var numbers = [Int32](repeating: 0, count: 21)
        numbers[0] = Int32(bitPattern: 0x4452_4f43)  // CORD
        numbers[2] = Int32(header.start)
        numbers[3] = Int32(header.every)
        numbers[10] = Int32(bitPattern: Float(timestep / Self.akma).bitPattern)
        numbers[11] = header.hasCell ? 1 : 0
        numbers[20] = 24  // CHARMM's version
        var bytes = Data()
        Self.record(&bytes, of: numbers)
        func line(_ text: String) -> [UInt8] {
            let ascii = text.unicodeScalars.map { $0.isASCII ? UInt8($0.value) : UInt8(ascii: "?") }.prefix(80)
            return ascii + Array(repeating: UInt8(ascii: " "), count: 80 - ascii.count)
        }
        let count = withUnsafeBytes(of: Int32(2).littleEndian) { Array($0) }
        Self.record(&bytes, of: count + line(title) + line("written by Apus; coordinates in Angstrom"))
        Self.record(&bytes, of: [Int32(header.atoms)])
        return bytes
    }

    /// The number of frames and the last step, into the header.
    private func writeCount() throws {
        guard mark.frames > 0 else { return }
        let descriptor = open(FilePath.resolved(path), O_WRONLY | O_CLOEXEC)
        defer { if descriptor >= 0 { Foundation.close(descriptor) } }
        func put(_ value: Int, at offset: off_t) -> Bool {
            var number = Int32(clamping: value).littleEndian
            return pwrite(descriptor, &number, 4, offset) == 4
        }
        guard descriptor >= 0, put(mark.frames, at: 8), put(mark.step ?? 0, at: 20) else {
            throw TrajectoryError(
                .cannotWrite, path, "cannot write the number of frames: \(SystemError.reason(errno))")
        }
    }

    public func synchronize() throws {
        try writeCount()
        try TrajectoryError.translating(path) { try file.synchronize() }
    }

    public func close() throws {
        try writeCount()
        try TrajectoryError.translating(path) { try file.close() }
    }

    /// What an existing file holds up to a step; nothing of one that is not there. A frame that was cut off is left
    /// out.
    public static func scan(_ path: String, through step: Int) throws -> FrameScan {
        var scan = FrameScan()
        guard FileManager.default.fileExists(atPath: path) else { return scan }
        let size = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
        guard size > 0 else { return scan }
        let header = try header(of: path)
        let whole = (size - Header.size) / header.frameSize
        let wanted = step < header.start ? 0 : (step - header.start) / header.every + 1
        let frames = min(whole, wanted)
        if frames > 0 {
            scan.mark = FrameMark(frames: frames, step: header.start + (frames - 1) * header.every)
            scan.end = Header.size + frames * header.frameSize
        }
        if (size - Header.size) % header.frameSize != 0, frames == whole {
            scan.problem = "the last frame is cut off"
        }
        return scan
    }

    /// - Throws: `TrajectoryError` for a file that was not written here.
    private static func header(of path: String) throws -> Header {
        func foreign() -> TrajectoryError {
            TrajectoryError(.mismatch, path, "is no DCD file as written here, and cannot be continued.")
        }
        guard let handle = FileHandle(forReadingAtPath: path), let data = try? handle.read(upToCount: Header.size),
            data.count == Header.size
        else { throw foreign() }
        func number(_ offset: Int) -> Int {
            data.withUnsafeBytes {
                Int(Int32(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Int32.self)))
            }
        }
        guard number(0) == 84, data[4..<8].elementsEqual("CORD".utf8), number(88) == 84, number(92) == 164,
            number(Header.size - 12) == 4, number(84) == 24, number(16) >= 1, number(12) >= 0,
            number(Header.size - 8) >= 0
        else { throw foreign() }
        return Header(
            atoms: number(Header.size - 8), start: number(12), every: number(16), hasCell: number(48) == 1)
    }
}
