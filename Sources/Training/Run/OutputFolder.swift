import Files
import Foundation

/// The folder of a training: which files in it are a training's, and what stands there.
///
/// A committee has a folder for each member in it, `member-1`, …, which is that of a training of its own.
public struct OutputFolder: Sendable {
    public let path: String

    public init(_ path: String) { self.path = path }

    public var potential: String { path + "/potential.safetensors" }
    public var checkpoint: String { path + "/checkpoint.safetensors" }
    public var metrics: String { path + "/metrics.csv" }
    public var groupMetrics: String { path + "/metrics_by_group.csv" }
    public var log: String { path + "/train.log" }
    public var predictions: String { path + "/validation.xyz" }

    /// Everything that a training writes but event files, whose names are new each time.
    public var files: [String] { [potential, checkpoint, metrics, groupMetrics, log, predictions] }

    public func member(_ number: Int) -> OutputFolder { OutputFolder("\(path)/member-\(number)") }

    /// What stands there.
    public enum Content: Equatable, Sendable {
        case nothing
        /// The training of one potential.
        case single
        /// Members of a committee, by their numbers from 1.
        case committee([Int])
    }

    public var content: Content {
        if Self.exists(checkpoint) || Self.exists(metrics) { return .single }
        let members = memberNumbers.filter { member($0).content == .single || Self.exists(member($0).potential) }
        if !members.isEmpty { return .committee(members) }
        return Self.exists(potential) ? .single : .nothing
    }

    private var memberNumbers: [Int] {
        names.compactMap { name in
            let number = name.hasPrefix("member-") ? Int(name.dropFirst("member-".count)) : nil
            return number.flatMap { $0 > 0 && name == "member-\($0)" ? $0 : nil }
        }.sorted()
    }

    private var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] }

    private static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    // MARK: Before a training

    /// Looks at what a training would write here, before anything is written: no file may be one of `inputs`, and
    /// unless it goes on or may replace, none may be there.
    ///
    /// Throws an `OutputError` that says what to do.
    public func check(against inputs: [String], mayExist: Bool) throws {
        let advice =
            content == .nothing
            ? "no training is there to go on with: replace it with --overwrite, or choose another output"
            : "go on with --resume, replace it with --overwrite, or choose another output"
        if !mayExist, case .committee(let members) = content {
            throw OutputError(.exists, path, "holds member \(members[0]) of a committee; \(advice)")
        }
        var plan = OutputPlan(inputs: inputs)
        for file in files {
            do {
                try plan.add(file, existing: mayExist ? .replace : .refuse, advice: advice)
            } catch let error as OutputError where error.code == .notAFile {
                throw TrainingError("output: \(error)")
            }
        }
    }

    /// Throws where a committee stands in the way of one potential, or the other way round.
    public func check(holds isCommittee: Bool) throws {
        let (found, wanted) = isCommittee ? ("one potential", "a committee") : ("a committee", "one potential")
        let isOther: Bool
        switch content {
        case .nothing: isOther = false
        case .single: isOther = isCommittee
        case .committee: isOther = !isCommittee
        }
        guard isOther else { return }
        throw TrainingError(
            "\(path) holds the training of \(found), not of \(wanted); use another output, or begin anew with --overwrite"
        )
    }

    /// Makes the folder. Throws an error that says why it cannot.
    public func make() throws {
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue {
            throw TrainingError("output: \(path) is a file, expected a folder or a new name")
        }
        do {
            try FilePath.makeFolder(path)
        } catch {
            throw TrainingError("output: \(error)")
        }
    }

    /// Removes what earlier trainings wrote here, members of committees included, and nothing else.
    public func discard() throws {
        let members = memberNumbers.map(member)
        do {
            // One of them may be trained on another machine.
            let locks = try members.map { try FolderLock($0.path) }
            try discardOwn()
            for member in members { try member.discardOwn() }
            withExtendedLifetime(locks) {}
        }
        // Only where nothing else is in it.
        for member in members { rmdir(member.path) }
    }

    /// Removes what a training wrote in this folder itself.
    public func discardOwn() throws {
        let events = names.filter { $0.hasPrefix(EventFile.namePrefix) }.map { "\(path)/\($0)" }
        for file in files + events where Self.exists(file) {
            guard unlink(file) == 0 else { throw SystemError(file, while: "replacing it") }
        }
    }
}
