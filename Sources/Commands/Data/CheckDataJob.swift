import Compute
import DataSets
import Files
import Foundation
import StructureFiles
import Training

/// `apus check-data`: what is in data, and what is wrong with them.
public struct CheckDataJob {
    let data: [String]
    let cutoff: Double
    let labels: LabelChoice
    let json: Bool
    let parallelism: Parallelism

    public init(
        data: [String], cutoff: Double, labels: LabelChoice, json: Bool, parallelism: Parallelism
    ) {
        self.data = data
        self.cutoff = cutoff
        self.labels = labels
        self.json = json
        self.parallelism = parallelism
    }

    private struct Report: Encodable {
        var files: [DataSetInfo]
        var cutoffAngstrom: Double
        var neighborsPerAtomMean: Double?
        var neighborsPerAtomFewest: Int?
        var neighborsPerAtomMost: Int?
        var findings: [Finding]
        var errors: Int
        var warnings: Int
    }

    public func run() throws {
        var check = DataCheck(cutoff: cutoff, parallelism: parallelism)
        var (files, census) = ([DataSetInfo](), LabelCensus())
        var status = StatusLine()
        var (remarks, copies) = ([String](), RunCopies())
        let paths = try FilePattern.expand(data, remarks: &remarks)
        var twice: [Finding] = []
        for path in paths {
            copies.begin(path)
            let reader = try StructureFormats.open(path, labels: labels.keys())
            let name = (path as NSString).lastPathComponent
            var info = DataSetInfo(of: path)
            while let structure = try reader.next() {
                info.add(structure)
                copies.add(structure)
                try check.add(structure, place: "\(name), frame \(info.structures)", file: path)
                status.show("\(path): \(Written.count(info.structures, "structure"))")
            }
            reader.tellRemarks()
            if let copy = copies.end() {
                twice.append(Finding(severity: .warning, check: "files", message: copy, places: [path], count: 1))
            }
            info.finish(reader.census)
            census.add(reader.census)
            files.append(info)
        }
        try labels.check(census, in: data.joined(separator: ", "))
        check.columns = census.columns
        check.labelColumns = [labels.keys().forces].compactMap(\.self)
        // A pipe can be read once only, and has been.
        let digests = try paths.filter(FileDigest.isRegular).map { ($0, try FileDigest.sha256(of: $0)) }
        let passedOver = remarks.map { Finding(severity: .notice, check: "files", message: $0) }
        let copied = DataCheck.copies(among: digests)
        let found = try check.findings()
        let findings = Finding.sorted(copied + (copied.isEmpty ? twice : []) + passedOver + found)
        func count(_ severity: Severity) -> Int { findings.count { $0.severity == severity } }
        let (errors, warnings) = (count(.error), count(.warning))
        let neighbors = check.neighborsPerAtom
        if json {
            try JSONOutput.print(
                Report(
                    files: files, cutoffAngstrom: cutoff, neighborsPerAtomMean: neighbors?.mean,
                    neighborsPerAtomFewest: neighbors?.range.lowerBound,
                    neighborsPerAtomMost: neighbors?.range.upperBound, findings: findings, errors: errors,
                    warnings: warnings))
        } else {
            for info in files {
                for line in info.lines { Terminal.print(line) }
                Terminal.print()
            }
            if let (mean, range) = neighbors {
                Terminal.print(
                    "neighbours within \(Written.short(cutoff)) Å: \(Written.fixed(mean, 1)) per atom, \(range.lowerBound)…\(range.upperBound)"
                )
                Terminal.print()
            }
            for finding in findings { print(finding) }
            Terminal.print(
                "\(Written.count(errors, "error")), \(Written.count(warnings, "warning")), \(Written.count(count(.notice), "notice"))"
                    + (errors == 0 ? "" : ": these data should not be trained on as they are"))
        }
        if errors > 0 { throw CommandExit(1) }
    }

    private func print(_ finding: Finding) {
        Terminal.print(
            "\(finding.severity.rawValue): \(finding.check): \(Excerpt.of(finding.message, limit: 2000))")
        guard !finding.places.isEmpty else { return }
        let rest = finding.count > finding.places.count ? " and \(finding.count - finding.places.count) more" : ""
        Terminal.print("    " + Excerpt.of(finding.places.joined(separator: "; "), limit: 1000) + rest)
    }
}
