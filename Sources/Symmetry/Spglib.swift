import Atoms
import Foundation

/// Space groups by spglib (Togo, Shinohara and Tanaka, Sci. Technol. Adv. Mater. Meth. 4, 2384822 (2024)), whose
/// library is opened when it is needed: everything works without it, slower where symmetry saves work.
public enum Spglib {
    /// Whether the library is there. Its Debian package is libsymspg-dev.
    public static var isAvailable: Bool { library != nil }

    /// Why there is no space group.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    private typealias Lattice = UnsafePointer<Double>
    private typealias CountOperations =
        @convention(c) (Lattice, UnsafePointer<Double>, UnsafePointer<Int32>, Int32, Double) -> Int32
    private typealias FindOperations =
        @convention(c) (
            UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Double>, Int32, Lattice, UnsafePointer<Double>,
            UnsafePointer<Int32>, Int32, Double
        ) -> Int32
    private typealias FindSymbol =
        @convention(c) (
            UnsafeMutablePointer<CChar>, Lattice, UnsafePointer<Double>, UnsafePointer<Int32>, Int32, Double
        ) -> Int32
    private typealias Standardize =
        @convention(c) (
            UnsafeMutablePointer<Double>, UnsafeMutablePointer<Double>, UnsafeMutablePointer<Int32>, Int32, Int32,
            Int32,
            Double
        ) -> Int32

    private struct Library: Sendable {
        let count: CountOperations
        let find: FindOperations
        let symbol: FindSymbol
        let standardize: Standardize
    }

    private static let library: Library? = {
        guard
            let handle = ["libsymspg.so.2", "libsymspg.so.1", "libsymspg.so"].lazy.compactMap({ (name: String) in
                dlopen(name, RTLD_NOW | RTLD_LOCAL)
            }).first,
            let count = dlsym(handle, "spg_get_multiplicity"), let find = dlsym(handle, "spg_get_symmetry"),
            let symbol = dlsym(handle, "spg_get_international"), let standard = dlsym(handle, "spg_standardize_cell")
        else { return nil }
        return Library(
            count: unsafeBitCast(count, to: CountOperations.self), find: unsafeBitCast(find, to: FindOperations.self),
            symbol: unsafeBitCast(symbol, to: FindSymbol.self),
            standardize: unsafeBitCast(standard, to: Standardize.self))
    }()

    private static func opened() throws -> Library {
        guard let library else {
            throw Failure(
                description:
                    "space groups are found by spglib's library (libsymspg.so), which is not there; install libsymspg-dev or what corresponds to it"
            )
        }
        return library
    }

    /// What spglib takes: lattice vectors as columns, fractional positions, a number for each kind of atom.
    private struct Input {
        var lattice: [Double]
        var positions: [Double]
        var types: [Int32]

        init(_ structure: Structure) throws {
            guard let cell = structure.cell, cell.isFullyPeriodic else {
                throw Failure(description: "a space group needs a cell that repeats in all directions")
            }
            lattice = cell.vectors.transposed.elements
            let inverse = cell.vectors.inverse
            positions = structure.positions.flatMap { position in
                let x = position * inverse
                return [x.x, x.y, x.z]
            }
            types = structure.elements.map { Int32($0.atomicNumber) }
        }
    }

    /// The space group of a structure.
    ///
    /// - Parameter tolerance: how far atoms may be from their symmetric places, Å.
    /// - Throws: `Failure` where the library is missing or finds none.
    public static func spaceGroup(of structure: Structure, tolerance: Double = 1e-5) throws -> SpaceGroup {
        let library = try opened()
        let input = try Input(structure)
        let atoms = Int32(structure.count)
        let limit = library.count(input.lattice, input.positions, input.types, atoms, tolerance)
        var rotations = [Int32](repeating: 0, count: 9 * Int(max(limit, 0)))
        var translations = [Double](repeating: 0, count: 3 * Int(max(limit, 0)))
        var symbol = [CChar](repeating: 0, count: 16)
        let found = library.find(
            &rotations, &translations, limit, input.lattice, input.positions, input.types, atoms, tolerance)
        let number = library.symbol(&symbol, input.lattice, input.positions, input.types, atoms, tolerance)
        guard limit > 0, found > 0, number > 0 else {
            throw Failure(
                description:
                    "no space group was found within \(tolerance) Å; are atoms at the same place, or is the tolerance too large?"
            )
        }
        let operations = (0..<Int(found)).map { k in
            SymmetryOperation(
                rotation: (0..<3).map { row in (0..<3).map { Int(rotations[9 * k + 3 * row + $0]) } },
                translation: SIMD3(translations[3 * k], translations[3 * k + 1], translations[3 * k + 2]))
        }
        // Two atoms may each be off by the tolerance, in opposite directions.
        let maps = try operations.map { operation in
            guard let map = AtomMap(of: structure, under: operation, tolerance: max(10 * tolerance, 1e-4)) else {
                throw Failure(description: "an operation of the space group moves an atom to a place where none is")
            }
            return map
        }
        let name = symbol.prefix { $0 != 0 }.map { Character(Unicode.Scalar(UInt8(bitPattern: $0))) }
        return SpaceGroup(number: Int(number), symbol: String(name), operations: operations, maps: maps)
    }

    /// The lattice vectors (rows, Å) of the standard primitive or conventional cell, in the orientation of the
    /// structure.
    public static func standardCell(
        of structure: Structure, isPrimitive: Bool, tolerance: Double = 1e-5
    ) throws -> Matrix3 {
        let library = try opened()
        var input = try Input(structure)
        let atoms = structure.count
        // A conventional cell holds up to four primitive ones.
        input.positions += [Double](repeating: 0, count: 9 * atoms)
        input.types += [Int32](repeating: 0, count: 3 * atoms)
        let count = library.standardize(
            &input.lattice, &input.positions, &input.types, Int32(atoms), isPrimitive ? 1 : 0, 1, tolerance)
        guard count > 0 else {
            throw Failure(description: "no standard cell was found within \(tolerance) Å")
        }
        return Matrix3(elements: input.lattice).transposed
    }
}
