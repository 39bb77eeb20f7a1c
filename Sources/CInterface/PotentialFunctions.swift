import Atoms
import CApus
import Foundation
import Models
import Potentials

/// A potential that C programs hold.
final class LoadedPotential: Sendable {
    let potential: Potential
    /// Atomic numbers in the order of types, for as long as the potential lives.
    nonisolated(unsafe) let elements: UnsafeMutablePointer<Int32>
    /// Of the file, as a C string that lives as long.
    nonisolated(unsafe) let checksum: UnsafeMutablePointer<CChar>

    init(_ potential: Potential) {
        self.potential = potential
        checksum = strdup(potential.checksum ?? "")
        elements = .allocate(capacity: potential.elements.count)
        for (type, element) in potential.elements.enumerated() { elements[type] = Int32(element.atomicNumber) }
    }

    deinit {
        elements.deallocate()
        free(checksum)
    }
}

private nonisolated(unsafe) let version = UnsafePointer(strdup(ProgramVersion.number)!)

@_cdecl("apus_version")
public func apusVersion() -> UnsafePointer<CChar> { version }

@_cdecl("apus_abi_version")
public func apusABIVersion() -> CInt { APUS_ABI_VERSION }

@_cdecl("apus_last_error")
public func apusLastError() -> UnsafePointer<CChar> { LastError.message }

@_cdecl("apus_potential_load")
public func apusPotentialLoad(
    _ path: UnsafePointer<CChar>?, _ potential: UnsafeMutablePointer<OpaquePointer?>?
) -> apus_status {
    reporting {
        let potential = try potential.orFailure("a place for the potential")
        potential.pointee = nil
        let bytes = try path.orFailure("the path of a potential")
        guard let path = String(validatingCString: bytes) else {
            throw Failure(
                APUS_ERROR_FILE,
                "\(String(cString: bytes)): expected a file name in UTF-8, found other bytes; rename the file or its folder"
            )
        }
        do {
            potential.pointee = Handle.make(LoadedPotential(try Potential(verifying: path)))
        } catch {
            throw Failure(APUS_ERROR_FILE, "\(error)")
        }
    }
}

/// Names of properties as C strings that live as long as the program.
private nonisolated(unsafe) let propertyNames = Dictionary(
    uniqueKeysWithValues: Property.all.map { ($0, UnsafePointer(strdup($0.name)!)) })

@_cdecl("apus_potential_property")
public func apusPotentialProperty(_ potential: OpaquePointer?, _ index: CInt) -> UnsafePointer<CChar>? {
    guard let potential else { return nil }
    let properties = Handle.object(potential, as: LoadedPotential.self).potential.properties
    return properties.indices.contains(Int(index)) ? propertyNames[properties[Int(index)]] : nil
}

@_cdecl("apus_property_size")
public func apusPropertySize(_ name: UnsafePointer<CChar>?, _ atoms: CInt) -> Int64 {
    guard atoms >= 0, let name = name.flatMap({ String(validatingCString: $0) }),
        let property = Property(named: name)
    else { return -1 }
    return Int64(property.count(atoms: Int(atoms)))
}

@_cdecl("apus_potential_free")
public func apusPotentialFree(_ potential: OpaquePointer?) { Handle.release(potential) }

@_cdecl("apus_potential_describe")
public func apusPotentialDescribe(
    _ potential: OpaquePointer?, _ description: UnsafeMutablePointer<apus_description>?
) -> apus_status {
    reporting {
        let loaded = Handle.object(try potential.orFailure("a potential"), as: LoadedPotential.self)
        let potential = loaded.potential
        let weights = try Model(potential.configuration).parameterCount
        try description.orFailure("a place for the description").pointee = apus_description(
            element_count: CInt(potential.elements.count), elements: loaded.elements,
            cutoff: potential.configuration.rMax, layers: CInt(potential.configuration.architecture.layers),
            members: CInt(potential.members.count),
            precision: potential.precision == .float32 ? APUS_FLOAT32 : APUS_FLOAT64, weights: Int64(weights))
    }
}

@_cdecl("apus_potential_shortest_distance")
public func apusPotentialShortestDistance(_ potential: OpaquePointer?, _ element: CInt, _ other: CInt) -> Double {
    guard let potential, let a = Element(atomicNumber: Int(element)), let b = Element(atomicNumber: Int(other)) else {
        return 0
    }
    let distances = Handle.object(potential, as: LoadedPotential.self).potential.shortestDistances
    return distances[Potential.pairKey(a, b)] ?? 0
}

@_cdecl("apus_potential_sha256")
public func apusPotentialSHA256(_ potential: OpaquePointer?) -> UnsafePointer<CChar>? {
    potential.map { UnsafePointer(Handle.object($0, as: LoadedPotential.self).checksum) }
}
