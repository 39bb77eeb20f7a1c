import Atoms
import Compute
import Files
import Foundation
import Models
import Potentials
import StructureFiles

/// `apus benchmark`: where the time of a step goes.
public struct BenchmarkJob {
    let potential: String
    let structure: String
    let copies: [Int]
    let steps: Int
    let precision: Potential.Precision?
    let skin: Double
    let profile: Bool
    let all: Bool
    let json: Bool
    let save: String?
    let overwrite: Bool
    let parallelism: Parallelism

    public init(
        potential: String, structure: String, copies: [Int], steps: Int, precision: Potential.Precision?,
        skin: Double, profile: Bool, all: Bool, json: Bool, save: String?, overwrite: Bool, parallelism: Parallelism
    ) {
        self.potential = potential
        self.structure = structure
        self.copies = copies
        self.steps = steps
        self.precision = precision
        self.skin = skin
        self.profile = profile
        self.all = all
        self.json = json
        self.save = save
        self.overwrite = overwrite
        self.parallelism = parallelism
    }

    public func run() throws {
        let existing: OutputFile.Existing = overwrite ? .replace : .refuse
        if let save {
            var plan = OutputPlan(inputs: [self.potential, self.structure])
            try plan.add(save, existing: existing, advice: "choose another name, or add --overwrite")
        }
        let potential = try Potential(verifying: self.potential, withEnergiesFor: "apus benchmark")
        let structure = try StartingStructure(file: self.structure, supercell: copies).read()
        let report = try Benchmark(
            potential: potential, structure: structure, batch: all ? try batch(structure) : [],
            precision: precision ?? potential.precision, skin: skin, steps: steps, isProfiling: profile
        ).run(measuresAll: all, parallelism: parallelism)
        if let save {
            try OutputFile.write(try JSONOutput.text(report) + "\n", to: save, existing: existing)
        }
        if json { return try JSONOutput.print(report) }
        for line in report.lines { Terminal.print(line) }
    }

    /// All structures of the file, if there are several; otherwise the one that is measured.
    private func batch(_ structure: Structure) throws -> [Structure] {
        guard try FileKind(of: self.structure) == .structures else { return [structure] }
        let all = try StructureFormats.readAll(self.structure, use: .structureOnly)
        return all.count > 1 ? all : [structure]
    }
}
