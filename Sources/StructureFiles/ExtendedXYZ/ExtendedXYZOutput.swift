import Atoms
import Files

/// Extended XYZ as an output of `apus convert`.
struct ExtendedXYZOutput: StructureOutput {
    let name = "extended XYZ"
    let word = "xyz"
    let fileNames = ["*.xyz", "*.extxyz"]

    func writer(_ path: String, existing: OutputFile.Existing) throws -> any StructureWriter {
        try ExtendedXYZWriter(path: path, mode: .replacing, existing: existing)
    }
}

extension ExtendedXYZWriter: StructureWriter {
    public func write(_ structure: Structure) throws { try write(structure, beside: nil) }
}
