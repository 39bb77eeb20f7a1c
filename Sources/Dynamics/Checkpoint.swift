import Atoms
import Compute
import Files
import Foundation
import Interactions

/// All that a simulation needs in order to go on with the same bits as if it had never stopped: the motion, how far
/// the random numbers have come (the step), the heat, the states of thermostats and the like, and the fit of the drift.
/// Forces follow from the positions.
///
/// In a file: the line `APUS CHECKPOINT 2`, a line of JSON, then per atom the atomic number as a byte, and mass,
/// position and velocity as little-endian doubles, array after array, and a `Trailer`. Apus 0.1 wrote version 1, which
/// ends with a hash of its own.
public struct Checkpoint: Sendable, Equatable {
    public var structure: Structure
    public var masses: [Double]
    public var step: Int
    /// fs
    public var time: Double
    /// eV
    public var heat: Double
    public var driftFit: DriftFit
    public var removesRotation: Bool
    /// Of the ensemble's pieces.
    public var states: [Ensemble.PieceState] = []
    /// What else the run was made with, by name, for people who continue it; a simulation does not read it.
    public var settings: [String: String] = [:]
    /// The settings that the run was made with, as YAML; empty in checkpoints of Apus 0.1.
    public var configuration = ""
    /// How far the files of the run had come, by what they are for.
    public var files: [String: FrameMark] = [:]
    /// With the lengths of bonds; `nil` in checkpoints of Apus 0.1, which knew fixed atoms only and did not keep them.
    public var constraints: Constraints?
    /// What biases remember, in their order.
    public var biases: [String] = []
}

extension Simulation {
    /// - Throws: `SimulationError` when a thermostat's state is not a number.
    public func checkpoint() throws -> Checkpoint { try checkpoint(of: ensemble) }

    func checkpoint(of ensemble: Ensemble) throws -> Checkpoint {
        var structure = Structure(elements: motion.elements, positions: motion.positions, cell: motion.cell)
        structure.velocities = motion.velocities
        return Checkpoint(
            structure: structure, masses: motion.masses, step: motion.step, time: motion.time, heat: motion.heat,
            driftFit: driftFit, removesRotation: removesRotation, states: try ensemble.states(),
            constraints: motion.wantedConstraints, biases: biases.map { $0.state ?? "" })
    }

    /// Goes on from a checkpoint: with the same interaction and ensemble the run continues bit by bit. The states of
    /// another ensemble are left aside: what it has instead begins at rest.
    ///
    /// - Parameter constraints: others than those of the checkpoint.
    public convenience init(
        continuing checkpoint: Checkpoint, under interaction: any Interaction, by ensemble: Ensemble,
        constraints: Constraints? = nil, skin: Double = 0.5, guards: Guards = Guards(), biases: [any Bias] = [],
        propertyInterval: Int? = nil, cancellation: Cancellation = Cancellation(),
        parallelism: Parallelism = .allCores
    ) throws {
        var motion = try Motion(
            of: checkpoint.structure, masses: checkpoint.masses,
            constraints: constraints ?? checkpoint.constraints ?? Constraints(), parallelism: parallelism)
        // Under the same constraints velocities stay as they are, to the bit.
        if !motion.obeysConstraints { try motion.constrainVelocities() }
        motion.step = checkpoint.step
        motion.time = checkpoint.time
        motion.heat = checkpoint.heat
        var ensemble = ensemble
        try ensemble.restore(checkpoint.states)
        try self.init(
            of: motion, under: interaction, by: ensemble, removesRotation: checkpoint.removesRotation, skin: skin,
            guards: guards, biases: biases, propertyInterval: propertyInterval, cancellation: cancellation)
        driftFit = checkpoint.driftFit
    }
}

// MARK: - Files

extension Checkpoint {
    private static let magic = Data("APUS CHECKPOINT 2\n".utf8)
    private static let olderMagic = Data("APUS CHECKPOINT 1\n".utf8)

    private struct Header: Codable {
        var count: Int
        var step: Int
        var time: Double
        var heat: Double
        var driftFit: DriftFit
        var removesRotation: Bool
        var states: [Ensemble.PieceState]?
        var settings: [String: String]
        var configuration: String?
        var files: [String: FrameMark]?
        var constraints: Constraints?
        var biases: [String]?
        /// Nine elements row by row, Å; none without a cell.
        var cell: [Double]
        var periodic: [Bool]
    }

    /// Bytes; constraints of many atoms are the longest part of it.
    private static let longestHeader = 1 << 30

    /// Bytes per atom behind the header.
    private static let bytesPerAtom = 1 + 7 * 8

    /// Writes the file beside its place and moves it there, so that there is always a whole one.
    ///
    /// - Throws: `SystemError` or `OutputError` when that fails.
    public func write(to path: String) throws { try OutputFile.write(try encoded(for: path), to: path) }

    /// What the file holds.
    func encoded(for path: String) throws -> Data {
        let cell = structure.cell
        let header = Header(
            count: structure.count, step: step, time: time, heat: heat, driftFit: driftFit,
            removesRotation: removesRotation, states: states, settings: settings, configuration: configuration,
            files: files, constraints: constraints?.isEmpty == true ? nil : constraints,
            biases: biases.isEmpty ? nil : biases,
            cell: cell?.vectors.elements ?? [],
            periodic: cell.map { cell in (0..<3).map(cell.repeats) } ?? [])
        do {
            var data = Self.magic
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            data.append(try encoder.encode(header))
            data.append(UInt8(ascii: "\n"))
            data.reserveCapacity(data.count + Self.bytesPerAtom * structure.count + 16)
            data.append(contentsOf: structure.elements.map { UInt8($0.atomicNumber) })
            for mass in masses { data.append(double: mass) }
            for vectors in [structure.positions, structure.velocities ?? []] {
                for vector in vectors {
                    for axis in 0..<3 { data.append(double: vector[axis]) }
                }
            }
            Trailer.seal(&data)
            return data
        } catch let error as EncodingError {
            throw SimulationError(
                .notFinite, step: step,
                "\(path): the checkpoint of step \(step) is not written: time, heat or drift is not a number (\(error))."
            )
        }
    }

    /// - Throws: `SimulationError` when the file cannot be read, is damaged or is none of ours.
    public init(contentsOf path: String) throws {
        do {
            try self.init(encoded: try InputFile.read(path), path: path)
        } catch let error as SystemError {
            throw SimulationError(.badCheckpoint, "\(path): \(error.reason) while \(error.action).")
        }
    }

    /// - Parameter path: for messages.
    init(encoded data: Data, path: String) throws {
        func bad(_ message: String) -> SimulationError { SimulationError(.badCheckpoint, "\(path): \(message)") }
        let content = try Self.verifiedContent(of: data, bad)
        let rest = content.dropFirst(Self.magic.count)
        guard let end = rest.prefix(Self.longestHeader).firstIndex(of: UInt8(ascii: "\n")),
            let header = try? JSONDecoder().decode(Header.self, from: Data(rest[..<end]))
        else { throw bad("the checkpoint is damaged: its header cannot be read.") }
        let atoms = rest[(end + 1)...]
        let (expected, overflow) = header.count.multipliedReportingOverflow(by: Self.bytesPerAtom)
        guard !overflow, header.count >= 0, atoms.count == expected else {
            throw bad("the checkpoint is damaged: \(header.count) atoms do not take \(atoms.count) bytes.")
        }
        guard header.cell.isEmpty || header.cell.count == 9 && header.periodic.count == 3 else {
            throw bad("the checkpoint is damaged: its cell cannot be read.")
        }

        let count = header.count
        let elements = try atoms.prefix(count).map { number in
            guard let element = Element(atomicNumber: Int(number)) else {
                throw bad("\(number) is not the atomic number of an element.")
            }
            return element
        }
        let values = atoms.dropFirst(count).withUnsafeBytes { bytes in
            (0..<7 * count).map {
                Double(bitPattern: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self)))
            }
        }
        func vectors(from start: Int) -> [SIMD3<Double>] {
            (0..<count).map { SIMD3(values[start + 3 * $0], values[start + 3 * $0 + 1], values[start + 3 * $0 + 2]) }
        }
        structure = Structure(elements: elements, positions: vectors(from: count))
        structure.velocities = vectors(from: 4 * count)
        if !header.cell.isEmpty {
            let p = header.periodic
            structure.cell = Cell(Matrix3(elements: header.cell), periodic: (p[0], p[1], p[2]))
        }
        masses = Array(values.prefix(count))
        (step, time, heat) = (header.step, header.time, header.heat)
        driftFit = header.driftFit
        removesRotation = header.removesRotation
        settings = header.settings
        configuration = header.configuration ?? ""
        files = header.files ?? [:]
        states = header.states ?? []
        constraints = header.constraints ?? (data.starts(with: Self.magic) ? Constraints() : nil)
        biases = header.biases ?? []
    }
}

extension Checkpoint {
    /// What stands before the checksum, which must be right.
    private static func verifiedContent(of data: Data, _ bad: (String) -> SimulationError) throws -> Data {
        if data.starts(with: magic) {
            switch Trailer.check(data) {
            case .intact(let content): return content
            case .damaged: throw bad("the checkpoint is damaged: its checksum is wrong.")
            case .absent: throw bad("the checkpoint is damaged: its end is missing.")
            }
        }
        guard data.starts(with: olderMagic) else { throw bad("this is no checkpoint of apus.") }
        guard data.count >= olderMagic.count + 8 else { throw bad("the checkpoint is damaged: its end is missing.") }
        let hash = UInt64(littleEndian: data.suffix(8).withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
        guard hash == data.dropLast(8).hashOfVersion1 else {
            throw bad("the checkpoint is damaged: its hash is wrong.")
        }
        return data.dropLast(8)
    }
}

extension Data {
    fileprivate mutating func append(double value: Double) {
        Swift.withUnsafeBytes(of: value.bitPattern.littleEndian) { append(contentsOf: $0) }
    }

    /// Fowler, Noll and Vo's hash 1a of 64 bits, as in checkpoints of Apus 0.1.
    fileprivate var hashOfVersion1: UInt64 {
        withUnsafeBytes { bytes in
            var hash: UInt64 = 0xcbf2_9ce4_8422_2325
            for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
            return hash
        }
    }
}
