import Atoms
import Foundation

/// A structure as bytes, to be read back to the bit: every number in 8 bytes, little-endian, every text behind its
/// length.
enum StructureRecord {
    /// What a record holds beside its atoms.
    private enum Field: UInt64 {
        case cell = 1
        case periodicA = 2
        case periodicB = 4
        case periodicC = 8
        case energy = 16
        case stress = 32
        case forces = 64
        case velocities = 128
        case masses = 256
        case deviation = 512
        case moveMask = 1024
        case weight = 2048
        case forceWeights = 4096
    }

    static func append(_ structure: Structure, to data: inout Data) {
        var flags: UInt64 = 0
        func mark(_ field: Field, _ condition: Bool) { if condition { flags |= field.rawValue } }
        mark(.cell, structure.cell != nil)
        for (axis, field) in [Field.periodicA, .periodicB, .periodicC].enumerated() {
            mark(field, structure.cell?.repeats(along: axis) ?? false)
        }
        mark(.energy, structure.energy != nil)
        mark(.stress, structure.stress != nil)
        mark(.forces, structure.forces != nil)
        mark(.velocities, structure.velocities != nil)
        mark(.masses, structure.masses != nil)
        mark(.deviation, structure.deviation != nil)
        mark(.moveMask, structure.moveMask != nil)
        mark(.weight, structure.weight != nil)
        mark(.forceWeights, structure.forceWeights != nil)
        data.append(Int64(structure.count))
        data.append(flags)
        for element in structure.elements { data.append(Int64(element.atomicNumber)) }
        data.append(structure.positions)
        for number in structure.cell?.vectors.elements ?? [] { data.append(number) }
        if let energy = structure.energy { data.append(energy) }
        for number in structure.stress?.elements ?? [] { data.append(number) }
        if let forces = structure.forces { data.append(forces) }
        if let velocities = structure.velocities { data.append(velocities) }
        for mass in structure.masses ?? [] { data.append(mass) }
        if let deviation = structure.deviation {
            data.append(deviation.energy)
            for number in deviation.forces { data.append(number) }
        }
        for axes in structure.moveMask ?? [] { data.append(Int64(axes.x) + 2 * Int64(axes.y) + 4 * Int64(axes.z)) }
        if let weight = structure.weight { data.append(weight) }
        if let weights = structure.forceWeights { data.append(weights) }
        data.append(Int64(structure.information.count))
        for (key, value) in structure.information.sorted(by: { $0.key < $1.key }) {
            data.append(key)
            data.append(value)
        }
        data.append(Int64(structure.properties.count))
        for (property, numbers) in structure.properties.sorted(by: { $0.key < $1.key }) {
            data.append(property.name)
            data.append(Int64(numbers.count))
            for number in numbers { data.append(number) }
        }
    }

    /// Reads what `append` has written, without further checks.
    static func structure(in bytes: UnsafeRawBufferPointer, at place: Int) -> Structure {
        var record = Reader(bytes: bytes, place: place)
        let (count, flags) = (Int(record.number(Int64.self)), record.number(UInt64.self))
        let has = { (field: Field) in flags & field.rawValue != 0 }
        let elements = (0..<count).map { _ in Element(atomicNumber: Int(record.number(Int64.self)))! }
        var structure = Structure(elements: elements, positions: record.vectors(count))
        if has(.cell) {
            let vectors = record.matrix()
            structure.cell = Cell(vectors, periodic: (has(.periodicA), has(.periodicB), has(.periodicC)))
        }
        if has(.energy) { structure.energy = record.number(Double.self) }
        if has(.stress) { structure.stress = record.matrix() }
        if has(.forces) { structure.forces = record.vectors(count) }
        if has(.velocities) { structure.velocities = record.vectors(count) }
        if has(.masses) { structure.masses = record.numbers(count) }
        if has(.deviation) {
            structure.deviation = .init(energy: record.number(Double.self), forces: record.numbers(count))
        }
        if has(.moveMask) {
            structure.moveMask = (0..<count).map { _ in
                let bits = record.number(Int64.self)
                return SIMD3(Int8(bits & 1), Int8(bits >> 1 & 1), Int8(bits >> 2 & 1))
            }
        }
        if has(.weight) { structure.weight = record.number(Double.self) }
        if has(.forceWeights) { structure.forceWeights = record.vectors(count) }
        for _ in 0..<record.number(Int64.self) {
            let key = record.text()
            structure.information[key] = record.text()
        }
        for _ in 0..<record.number(Int64.self) {
            let name = record.text()
            let numbers = record.numbers(Int(record.number(Int64.self)))
            // What an older program does not know, it has not asked for either.
            if let property = Property(named: name) { structure.properties[property] = numbers }
        }
        return structure
    }

    /// The numbers and words of a record, one after another.
    private struct Reader {
        let bytes: UnsafeRawBufferPointer
        var place: Int

        mutating func number<Number: BitwiseCopyable>(_ type: Number.Type) -> Number {
            defer { place += 8 }
            return bytes.loadUnaligned(fromByteOffset: place, as: type)
        }

        mutating func numbers(_ count: Int) -> [Double] { (0..<count).map { _ in number(Double.self) } }

        mutating func vectors(_ count: Int) -> [SIMD3<Double>] {
            (0..<count).map { _ in SIMD3(number(Double.self), number(Double.self), number(Double.self)) }
        }

        mutating func matrix() -> Matrix3 { Matrix3(elements: numbers(9)) }

        mutating func text() -> String {
            let count = Int(number(Int64.self))
            defer { place += count }
            return String(decoding: bytes[place..<place + count], as: UTF8.self)
        }
    }
}

extension Data {
    fileprivate mutating func append<Number: BitwiseCopyable>(_ number: Number) {
        Swift.withUnsafeBytes(of: number) { append(contentsOf: $0) }
    }

    fileprivate mutating func append(_ text: String) {
        append(Int64(text.utf8.count))
        append(contentsOf: text.utf8)
    }

    fileprivate mutating func append(_ vectors: [SIMD3<Double>]) {
        for vector in vectors { for axis in 0..<3 { append(vector[axis]) } }
    }
}
