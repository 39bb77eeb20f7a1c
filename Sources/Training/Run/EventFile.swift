import Files
import Foundation

/// An event file of TensorBoard: losses, errors and the learning rate by epoch.
///
/// A file is a sequence of records: length (8 bytes), its checksum, the bytes, their checksum (TensorFlow's
/// `record_writer.h`). Bytes are `Event` messages in protocol buffers (`event.proto`: wall_time 1, step 2, file_version
/// 3, summary 5; in it values 1 with tag 1 and simple_value 2).
struct EventFile {
    private let file: AppendedFile

    static let namePrefix = "events.out.tfevents."

    /// Begins a new file; TensorBoard puts all of a folder together.
    init(inFolder folder: String) throws {
        let name = "\(folder)/\(Self.namePrefix)\(Int(Date().timeIntervalSince1970)).\(getpid())"
        // Two trainings of one process may begin within a second.
        var number = 1
        func path() -> String { name + (number > 1 ? "-\(number)" : "") + ".apus" }
        while FileManager.default.fileExists(atPath: path()) { number += 1 }
        file = try AppendedFile(path(), existing: .refuse)
        try append(Message().double(1, Date().timeIntervalSince1970).text(3, "brain.Event:2"))
    }

    func append(_ report: TrainingRun.EpochReport) throws {
        var values: [(String, Double?)] = [
            ("loss/training", report.trainingLoss), ("loss/validation", report.validationLoss),
            ("learning_rate", report.learningRate), ("structures_per_second", report.structuresPerSecond),
        ]
        values += report.errors.all.named.map { ("validation/\($0.name)", $0.value) }
        values += report.errors.all.forcesRMSEByElement.map {
            ("validation_by_element/forces_rmse_mev_per_angstrom_\($0.element)", $0.error)
        }
        for kind in GroupedErrors.Kind.allCases {
            for (name, errors) in report.errors[kind] {
                values += errors.named.map { ("\(kind.rawValue)/\(name)/\($0.name)", $0.value) }
            }
        }
        var summary = Message()
        for case (let tag, let value?) in values where value.isFinite {
            summary = summary.message(1, Message().text(1, tag).float(2, Float(value)))
        }
        let event = Message().double(1, Date().timeIntervalSince1970).integer(2, UInt64(report.epoch))
        try append(event.message(5, summary))
    }

    private func append(_ event: Message) throws {
        let length = withUnsafeBytes(of: UInt64(event.bytes.count).littleEndian) { Array($0) }
        let record = length + Self.checksum(length) + event.bytes + Self.checksum(event.bytes)
        try file.append(record)
    }

    /// CRC-32C, rotated and offset as TensorFlow does, so that checksums of checksums stay sound.
    private static func checksum(_ bytes: [UInt8]) -> [UInt8] {
        var crc = UInt32.max
        for byte in bytes {
            crc ^= UInt32(byte)
            // Castagnoli's polynomial, bits reversed.
            for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 1 ? 0x82F6_3B78 : 0) }
        }
        crc = ~crc
        let masked = (crc >> 15 | crc << 17) &+ 0xA282_EAD8
        return withUnsafeBytes(of: masked.littleEndian) { Array($0) }
    }

    /// A message of protocol buffers: fields with their numbers, one after another.
    private struct Message {
        private(set) var bytes: [UInt8] = []

        private func field(_ number: UInt64, _ wire: UInt64, _ content: [UInt8]) -> Message {
            Message(bytes: bytes + Self.varint(number << 3 | wire) + content)
        }

        func integer(_ number: UInt64, _ value: UInt64) -> Message { field(number, 0, Self.varint(value)) }
        func double(_ number: UInt64, _ value: Double) -> Message {
            field(number, 1, withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) })
        }
        func float(_ number: UInt64, _ value: Float) -> Message {
            field(number, 5, withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) })
        }
        func text(_ number: UInt64, _ value: String) -> Message { block(number, Array(value.utf8)) }
        func message(_ number: UInt64, _ value: Message) -> Message { block(number, value.bytes) }

        private func block(_ number: UInt64, _ content: [UInt8]) -> Message {
            field(number, 2, Self.varint(UInt64(content.count)) + content)
        }

        private static func varint(_ value: UInt64) -> [UInt8] {
            var (rest, bytes) = (value, [UInt8]())
            while rest >= 0x80 {
                bytes.append(UInt8(rest & 0x7F) | 0x80)
                rest >>= 7
            }
            return bytes + [UInt8(rest)]
        }
    }
}
