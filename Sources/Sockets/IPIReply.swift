import Atoms
import Interactions

/// The answer to GETFORCE: `FORCEREADY`, float64 energy, int32 number of atoms, float64 forces and virial, int32 length
/// of a text, the text. Hartree and bohr; the virial is −dE/dε (extensive), as ours is.
///
/// The text is JSON, of which i-PI can write each entry into a file of its own; `[atom]` in the order of the atoms:
///
/// - `atomic_energies`: their sum is the energy, hartree;
/// - of a committee, `energy_deviation` (hartree) and `forces_deviation` (`[atom]`, hartree/bohr).
struct IPIReply {
    private(set) var bytes: [UInt8] = []

    var isEmpty: Bool { bytes.isEmpty }

    mutating func clear() { bytes.removeAll(keepingCapacity: true) }

    /// Throws `.notFinite` for a result that has no place in a simulation.
    mutating func fill(with result: InteractionResult) throws {
        guard
            result.energy.isFinite, result.forces.allSatisfy({ dot($0, $0).isFinite }),
            result.virial.elements.allSatisfy(\.isFinite)
        else {
            throw SocketError(
                .notFinite,
                "the potential gives an energy, a force or a virial that is not a finite number; nothing was sent to the server"
            )
        }
        clear()
        bytes += IPIHeader.forceReady.bytes
        append(result.energy / Units.hartree)
        append(Int32(result.forces.count))
        for force in result.forces {
            let force = force * (Units.bohr / Units.hartree)
            append(force.x)
            append(force.y)
            append(force.z)
        }
        // The columns of what i-PI calls the virial are our rows, but it is symmetric.
        for element in result.virial.transposed.elements { append(element / Units.hartree) }
        let length = bytes.count
        append(Int32(0))
        appendExtras(of: result)
        // Known only now.
        withUnsafeBytes(of: Int32(bytes.count - length - 4)) { bytes.replaceSubrange(length..<length + 4, with: $0) }
    }

    private mutating func append(_ value: some BitwiseCopyable) {
        withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
    }

    /// The shortest digits that give the same double again, which JSON can read.
    private mutating func appendExtras(of result: InteractionResult) {
        bytes += "{\"atomic_energies\": ".utf8
        append(list: result.atomicEnergies, in: Units.hartree)
        if let deviation = result.deviation {
            bytes += ", \"energy_deviation\": \(deviation.energy / Units.hartree)".utf8
            bytes += ", \"forces_deviation\": ".utf8
            append(list: deviation.forces, in: Units.hartree / Units.bohr)
        }
        bytes.append(UInt8(ascii: "}"))
    }

    private mutating func append(list: [Double], in unit: Double) {
        for (place, value) in list.enumerated() { bytes += "\(place == 0 ? "[" : ", ")\(value / unit)".utf8 }
        bytes.append(UInt8(ascii: "]"))
    }
}
