/// ABINIT's history of a relaxation or dynamics, `_HIST.nc`: Documentation/formats.md.
struct AbinitHistoryFormat: StructureFormat {
    let name = "ABINIT HIST.nc"
    let fileNames = ["*HIST.nc"]
    let isBinary = true

    /// A classic netCDF file with its variables in the header.
    func recognises(_ start: String) -> Bool {
        start.hasPrefix("CDF") && start.contains("etotal") && start.contains("rprimd") && start.contains("xred")
    }

    func reader(of lines: LineReader, labels: LabelKeys, use: StructureUse) throws -> any StructureReader {
        try AbinitHistoryReader(lines, labels: labels, use: use)
    }
}
