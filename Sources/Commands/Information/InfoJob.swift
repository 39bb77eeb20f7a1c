import StructureFiles

/// `apus info`: what a file holds.
public struct InfoJob {
    let file: String
    let json: Bool
    let labels: LabelChoice

    public init(
        file: String, json: Bool, labels: LabelChoice
    ) {
        self.file = file
        self.json = json
        self.labels = labels
    }

    public func run() throws {
        if try !FilePattern.isOneFile(file) {
            for path in try FilePattern.expand(file) where !json {
                try show(try DataSetInfo(of: path, labels: labels)) { $0.lines }
            }
            if json {
                try JSONOutput.print(try FilePattern.expand(file).map { try DataSetInfo(of: $0, labels: labels) })
            }
            return
        }
        switch try FileKind(of: file) {
        case .potential:
            let info = try PotentialInfo(of: file)
            try show(info) { $0.lines }
            if !info.verified { throw CommandExit(1) }
        case .trajectory: try show(try TrajectoryInfo(of: file)) { $0.lines }
        case .structures:
            try show(try DataSetInfo(of: file, labels: labels)) { $0.lines }
        case .checkpoint:
            throw CommandError("\(file): is a checkpoint, which is for continuing a run and holds nothing to look at")
        }
    }

    private func show<Info: Encodable>(_ info: Info, lines: (Info) -> [String]) throws {
        if json { return try JSONOutput.print(info) }
        for line in lines(info) { Terminal.print(line) }
    }
}
