import Atoms

/// Finds files that hold the same structures with the same energies: one run, read twice from two of its files.
///
/// Structures are known by composition and by their energies to a millionth of an electronvolt, as all programs print
/// them; two calculations of different structures do not agree so far.
public struct RunCopies {
    private var energies: [UInt64: Int] = [:]
    private var files: [String] = []
    /// By earlier file, for the present one.
    private var shared: [Int: Int] = [:]
    private var own: Set<UInt64> = []
    private var count = 0
    /// Of a file, to bound memory.
    private static let most = 100_000

    public init() {}

    public mutating func begin(_ file: String) {
        files.append(file)
        (shared, own, count) = ([:], [], 0)
    }

    public mutating func add(_ structure: Structure) {
        guard count < Self.most, let energy = structure.energy, abs(energy) < 1e9 else { return }
        count += 1
        var hasher = Hash()
        hasher.add(structure.count)
        for element in structure.elements { hasher.add(element.atomicNumber) }
        // Rounding may go to either side of a millionth.
        let place = (energy * 1e6).rounded()
        var owners: Set<Int> = []
        for step in [-1.0, 0, 1] {
            if let owner = energies[hasher.adding(Int(place + step))] { owners.insert(owner) }
        }
        for owner in owners { shared[owner, default: 0] += 1 }
        own.insert(hasher.adding(Int(place)))
    }

    /// After the last structure of a file: the sentence about an earlier file that holds half of it or more.
    public mutating func end() -> String? {
        let file = files.count - 1
        for key in own where energies[key] == nil { energies[key] = file }
        guard let (earlier, same) = shared.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }), 2 * same >= count
        else {
            return nil
        }
        return
            "\(files[file]): \(same) of its \(count) structures with energies are those of \(files[earlier]), to 10⁻⁶ eV: the same run read twice? Name one of them"
    }

    /// FNV-1a.
    private struct Hash {
        var value: UInt64 = 0xCBF2_9CE4_8422_2325
        mutating func add(_ number: Int) { value = adding(number) }
        func adding(_ number: Int) -> UInt64 {
            var (value, rest) = (value, UInt64(bitPattern: Int64(number)))
            for _ in 0..<8 {
                value = (value ^ (rest & 0xFF)) &* 0x100_0000_01B3
                rest >>= 8
            }
            return value
        }
    }
}
