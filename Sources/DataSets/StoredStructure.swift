import Atoms
import StructureFiles

/// A structure of a data set, in memory or in a cache file, from which it is taken whenever it is asked for.
public enum StoredStructure: Sendable {
    case inMemory(Structure)
    case cached(StructureCache, index: Int)

    public var structure: Structure {
        switch self {
        case .inMemory(let structure): structure
        case .cached(let cache, let index): cache[index]
        }
    }
}
