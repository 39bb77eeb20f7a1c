/// ASE's `.traj`: Documentation/formats.md.
struct ASETrajectoryFormat: BinaryStructureFormat {
    let name = "ASE trajectory"
    let fileNames = ["*.traj"]

    /// By the first bytes and the tag behind them.
    func recognises(_ start: String) -> Bool {
        ULMFile.magics.contains { start.hasPrefix("\($0)ASE-Trajectory") }
    }

    func reader(of file: ByteFile, labels: LabelKeys, use: StructureUse) throws -> any StructureReader {
        DraftReader(try TrajectorySource(file), labels: labels, use: use)
    }
}
