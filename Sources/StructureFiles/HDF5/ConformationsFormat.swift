/// Files of HDF5 with a group for each molecule, as the data sets ANI and SPICE are published:
/// Documentation/formats.md.
struct ConformationsFormat: BinaryStructureFormat {
    let name = "HDF5 (ANI, SPICE)"
    let fileNames = ["*.h5", "*.hdf5"]

    /// By HDF5's first bytes, of which the first is no text; netCDF-4 is HDF5 too, and known by what is in it.
    func recognises(_ start: String) -> Bool {
        start.dropFirst().hasPrefix("HDF\r\n\u{1A}\n") || start.dropFirst().hasPrefix("HDF\r\n")
    }

    func reader(of file: ByteFile, labels: LabelKeys, use: StructureUse) throws -> any StructureReader {
        DraftReader(try ConformationsSource(file, labels: labels, use: use), labels: labels, use: use)
    }
}
