import Atoms
import StructureFiles

/// A structure of a data set, in memory or in a cache file, from which it is taken whenever it is asked for.
public enum StoredStructure: Sendable {
    case inMemory(Structure)
    case cached(StructureCache, index: Int)
    /// With its labels as settings have it.
    indirect case adjusted(StoredStructure, LabelAdjustment)

    public var structure: Structure {
        switch self {
        case .inMemory(let structure): structure
        case .cached(let cache, let index): cache[index]
        case .adjusted(let stored, let adjustment): adjustment.adjusted(stored.structure)
        }
    }

    func adjusted(by adjustment: LabelAdjustment) -> StoredStructure {
        switch self {
        case .inMemory(let structure): .inMemory(adjustment.adjusted(structure))
        case .cached, .adjusted: .adjusted(self, adjustment)
        }
    }
}
