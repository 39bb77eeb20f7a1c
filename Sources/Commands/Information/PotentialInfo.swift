import Foundation
import Models
import Potentials
import Settings
import Training

/// What `apus info` says about a potential.
struct PotentialInfo: Encodable {
    var kind = "potential"
    var file: String
    var bytes: Int
    var elements: [String]
    var model: ModelConfiguration
    /// Names of properties.
    var predicts: [String]
    var precision: Potential.Precision
    var parameters: Int
    var members: Int
    /// The features after each layer.
    var layers: [String]
    var paths: [Int]
    var units: [String: String]
    var provenance: Potential.Provenance
    /// Å, by pair of elements.
    var shortestDistances: [String: Double]
    var referenceStructures: Int
    /// Whether the reference structures have the energies and forces that the file says.
    var verified: Bool
    var problem: String?

    init(of path: String) throws {
        let potential = try Potential(contentsOf: path)
        let model = try Model(potential.configuration)
        file = path
        bytes = (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
        elements = potential.configuration.typeNames
        self.model = potential.configuration
        predicts = potential.properties.map(\.name)
        precision = potential.precision
        parameters = model.parameterCount
        members = potential.members.count
        let features = potential.configuration.architecture.features(potential.configuration)
        layers = features.map(\.irreps)
        paths = features.map(\.paths)
        units = Potential.units
        provenance = potential.provenance
        shortestDistances = potential.shortestDistances
        referenceStructures = potential.references.count
        do {
            try potential.verify()
            verified = true
        } catch {
            verified = false
            problem = CommandError.message(of: error)
        }
    }

    /// The energy of an atom without neighbours is its shift, wherever it comes from.
    private var originOfShifts: String {
        if provenance.origin != nil, provenance.isolatedAtoms == nil { return "those of the original" }
        guard let isolated = provenance.isolatedAtoms else { return "what an atom without neighbours has" }
        if isolated.count == elements.count { return "isolated atoms in the data" }
        let fitted = elements.filter { !isolated.contains($0) }
        return isolated.isEmpty
            ? "fitted or given, not from isolated atoms"
            : "\(isolated.joined(separator: ", ")) from isolated atoms in the data, \(fitted.joined(separator: ", ")) fitted or given"
    }

    /// Weights are kept from the best epoch; the training may have gone on.
    private var epochsAsked: String {
        let settings = try? TrainingSettings(
            Settings(text: provenance.trainingConfiguration, named: "trainingConfiguration"))
        return settings.map { ", after which the weights were kept (max_epochs: \($0.maxEpochs))" } ?? ""
    }

    var lines: [String] {
        func list(_ numbers: [Double], _ digits: Int = 6) -> String {
            numbers.map { Written.short($0, digits) }.joined(separator: ", ")
        }
        func byElement(_ numbers: [Double]) -> String {
            Set(numbers).count == 1 && numbers.count > 1
                ? "\(Written.short(numbers[0], 8)) of all"
                : zip(elements, numbers).map { "\($0) \(Written.short($1, 8))" }.joined(separator: ", ")
        }
        var rows: [[String]] = [
            ["elements", elements.joined(separator: " ")],
            [
                "model",
                "\(model.architecture.summary), \(parameters) weights\(members > 1 ? " in each of \(members) members (a committee)" : "")",
            ],
        ]
        for (index, irreps) in layers.enumerated() {
            rows.append([
                index == 0 ? "features" : "",
                "after layer \(index + 1): \(irreps) (\(Written.count(paths[index], "path")))",
            ])
        }
        let cutoffs = model.perEdgeTypeCutoff.isEmpty ? "" : ", shorter for some pairs of elements"
        rows += [
            ["cutoff", "\(Written.short(model.rMax)) Å\(cutoffs)"]
        ]
        rows += model.architecture.details.map { [$0.title, $0.text] }
        rows.append(["neighbours", "\(list(model.avgNumNeighbors, 4)) on average in the training data"])
        rows.append(["predicts", predicts.joined(separator: ", ")])
        if model.predictsEnergy {
            rows.append(["scales", "\(byElement(model.perTypeEnergyScales)) eV"])
            rows.append(["shifts", "\(byElement(model.perTypeEnergyShifts)) eV (\(originOfShifts))"])
        }
        for output in model.outputs where output.property != .energy {
            let shifts = output.perTypeShifts.isEmpty ? "" : "; \(byElement(output.perTypeShifts)) beside"
            rows.append([
                output.property.name, "scale \(Written.short(output.scale, 4)) \(output.property.unit)\(shifts)",
            ])
        }
        if let pair = model.pairPotential { rows.append(["pair potential", pair.rawValue]) }
        rows += [
            ["precision", precision.rawValue],
            ["units", "Å, eV, eV/Å, eV/Å³"],
        ]
        for (index, pair) in shortestDistances.sorted(by: { $0.key < $1.key }).enumerated() {
            rows.append([
                index == 0 ? "shortest" : "", "\(pair.key) \(Written.fixed(pair.value, 3)) Å in the training data",
            ])
        }
        rows += provenance.origin?.lines.map { [$0.title, $0.text] } ?? []
        rows.append([
            "written by", provenance.program + (provenance.created.isEmpty ? "" : " on \(provenance.created)"),
        ])
        rows.append(["trained", "\(Written.count(provenance.epochs, "epoch"))\(epochsAsked)"])
        for (index, data) in provenance.data.enumerated() {
            rows.append([
                index == 0 ? "data" : "",
                "\(data.name) (\(Written.count(data.structures, "structure")), sha256 \(data.sha256.prefix(12))…)",
            ])
        }
        for (index, error) in provenance.validationErrors.sorted(by: { $0.key < $1.key }).enumerated() {
            rows.append([index == 0 ? "errors" : "", "\(error.key) \(Written.short(error.value))"])
        }
        let check =
            verified ? "\(referenceStructures), computed again: they agree" : "WRONG: \(problem ?? "")"
        rows.append(["references", check])
        return ["\(file): a potential (\(Written.bytes(bytes)))"] + Terminal.table(rows, leftAligned: [0, 1])
    }
}
