import Atoms
import Compute
import Files
import Foundation
import Layers
import Models
import Potentials

/// A potential that another program trained, read from its file as data: nothing of it is executed.
public struct ForeignPotential {
    public let potential: Potential
    /// The largest error of the radial splines over the root mean square of what they stand for.
    public let splineError: Double

    /// Reads a file of SevenNet, NequIP or Nequix. Throws a `ForeignPotentialError`, or a `ModelError`, that names the
    /// file.
    ///
    /// - Parameter modality: the level of theory, where a file has several.
    public init(
        contentsOf path: String, modality: String? = nil, precision: Potential.Precision = .float32,
        parallelism: Parallelism = .allCores
    ) throws {
        let data = try InputFile.read(path)
        do {
            try self.init(
                data, named: URL(fileURLWithPath: path).lastPathComponent, modality: modality, precision: precision,
                parallelism: parallelism)
        } catch let error as ForeignPotentialError {
            throw ForeignPotentialError("\(path): \(error.message)")
        } catch let error as ModelError {
            throw ForeignPotentialError("\(path): \(error.message)")
        }
    }

    private init(
        _ data: Data, named name: String, modality: String?, precision: Potential.Precision, parallelism: Parallelism
    ) throws {
        let sha256 = SHA256.hexadecimal(of: data)
        var origin = Origins.known(sha256) ?? Potential.Origin(name: name)
        (origin.file, origin.sha256) = (name, sha256)
        let found: (configuration: ModelConfiguration, weights: [String: [Double]])
        let epochs: Int
        if data.starts(with: [0x50, 0x4B]) {
            let file = try TorchFile(data)
            if SevenNetImport.recognizes(file) {
                var source = try SevenNetImport(file, modality: modality)
                found = try source.model()
                epochs = source.epochs
                origin.program = "SevenNet \(source.version)"
                origin.modality = source.modalityName
            } else if NequIPCheckpoint.recognizes(file) {
                try Self.refuse(modality)
                let source = try NequIPCheckpoint(file)
                found = try source.read()
                epochs = source.epochs
                origin.program = "NequIP \(source.version)"
            } else {
                throw ForeignPotentialError("is a file of PyTorch, but no checkpoint of SevenNet or NequIP")
            }
        } else if NequixImport.recognizes(data) {
            try Self.refuse(modality)
            var source = try NequixImport(data)
            found = try source.model()
            epochs = source.epochs
            origin.program = "Nequix"
        } else {
            throw ForeignPotentialError(
                "expected a checkpoint of SevenNet or NequIP (an archive of PyTorch) or a model of Nequix, found neither"
            )
        }
        try self.init(
            found.configuration, found.weights, origin, epochs: epochs, precision: precision, parallelism: parallelism
        )
    }

    private static func refuse(_ modality: String?) throws(ForeignPotentialError) {
        guard modality == nil else {
            throw ForeignPotentialError("was trained at one level of theory; leave --modal out")
        }
    }

    private init(
        _ configuration: ModelConfiguration, _ arrays: [String: [Double]], _ origin: Potential.Origin, epochs: Int,
        precision: Potential.Precision, parallelism: Parallelism
    ) throws {
        let model = try Model(configuration)
        var file = Safetensors()
        for (name, numbers) in arrays { file.set(name, numbers, shape: [numbers.count]) }
        let parameters = try ParameterSet(model.parameters, from: file)
        let unused = Set(arrays.keys).subtracting(model.parameters.map(\.name))
        guard unused.isEmpty else {
            throw ForeignPotentialError("has arrays that the model has no place for: \(unused.sorted())")
        }
        let (chosen, error) = RadialKnots.chosen(for: configuration, parameters, parallelism: parallelism)
        splineError = error
        var provenance = Potential.Provenance()
        provenance.created = Date().formatted(.iso8601)
        provenance.epochs = epochs
        provenance.origin = origin
        var potential = Potential(
            configuration: chosen, parameters: parameters, precision: precision, provenance: provenance)
        if precision == .float32 {
            // As they will be read.
            potential.parameters.values = potential.parameters.values.map { Double(Float($0)) }
        }
        let interaction = try potential.interaction(parallelism: parallelism)
        potential.references = try ImportedReferences.structures(of: chosen.elements).map {
            try ReferenceStructure($0, under: interaction)
        }
        self.potential = potential
    }
}
