/// Archives of NumPy's arrays with the trajectory of one molecule, as rMD17 and sGDML have them:
/// Documentation/formats.md.
struct NPZFormat: BinaryStructureFormat {
    let name = "NPZ"
    let fileNames = ["*.npz"]

    /// By zip's first bytes, and an entry that is an array.
    func recognises(_ start: String) -> Bool {
        start.hasPrefix("PK\u{03}\u{04}") && start.prefix(200).contains(".npy")
    }

    func reader(of file: ByteFile, labels: LabelKeys, use: StructureUse) throws -> any StructureReader {
        DraftReader(try NPZSource(file, units: labels.unstated.units), labels: labels, use: use)
    }
}
