import Atoms
import Layers
import Programs

/// A model with its parameters, and the programs that compute energies, forces, other properties and training gradients
/// from what its architecture writes.
public struct Model: Sendable {
    public let configuration: ModelConfiguration
    public let parameters: [Parameter]

    /// A model of more weights would take more than 10 GB to train.
    private static let largestWeightCount = 100_000_000

    /// Throws a `ModelError` if the configuration is not valid or the model too large.
    public init(_ configuration: ModelConfiguration) throws {
        let weights = try Self.weightCount(configuration)
        guard weights <= Self.largestWeightCount else {
            throw ModelError(
                "num_features: the model would have \(weights) weights, expected at most \(Self.largestWeightCount)")
        }
        self.configuration = configuration
        var writer = ModelWriter(types: configuration.typeNames.count)
        let features = configuration.architecture.writeFeatures(of: configuration, with: &writer)
        for head in configuration.heads {
            _ = configuration.architecture.write(head, of: features, configuration, with: &writer)
        }
        parameters = writer.declared
    }

    /// The total number of weights.
    public var parameterCount: Int { parameters.reduce(0) { $0 + $1.count } }

    /// The number of weights that a configuration asks for, found without making room for them. Throws as `init` does.
    public static func weightCount(_ configuration: ModelConfiguration) throws -> Int {
        try configuration.validate()
        return configuration.architecture.weightCount(configuration)
    }

    /// The stages of `evaluationProgram`.
    public enum Stage {
        public static let energies = 0
        public static let atomicVirials = 1
        public static let heads = 2
    }

    /// Stage `energies`: atomic energies (`atomic energies`, network part scaled by type, without shifts), `forces` (of
    /// ghosts too) and `virial`. Stages for those who want them: `atomicVirials`, the shares of atoms and ghosts in the
    /// virial (`atomic virials`), and `heads`, what other heads say (`head NAME`). A model without energies has the
    /// last alone.
    ///
    /// With several `members` all of these, and all parameters, have names that begin with `Self.prefix(_:of:)`. What
    /// does not depend on weights — edge vectors, harmonics, radial coordinates — is computed once for all.
    public func evaluationProgram(members: Int = 1, simplifying: Bool = true) -> Program {
        var writer = ModelWriter(types: configuration.typeNames.count)
        var outputs: [String: Program.Value] = [:]
        var edgeGradients: [Program.Value] = []
        var features: [[Program.Value]] = []
        for member in 0..<members {
            writer.prefix = Self.prefix(member, of: members)
            features.append(configuration.architecture.writeFeatures(of: configuration, with: &writer))
            guard configuration.predictsEnergy else { continue }
            let energies = energies(of: features[member], with: &writer)
            let ones = writer.builder.fill(1, .atoms, .plain(1))
            let gradients = writer.forcesAndVirial(of: energies, cotangent: ones)
            outputs[writer.prefix + "atomic energies"] = energies
            outputs[writer.prefix + "forces"] = gradients.forces
            outputs[writer.prefix + "virial"] = gradients.virial
            edgeGradients.append(gradients.edgeGradient)
        }
        writer.builder.beginStage()
        if !edgeGradients.isEmpty {
            let vectors = writer.edgeVectors().vectors
            for (member, gradient) in edgeGradients.enumerated() {
                outputs[Self.prefix(member, of: members) + "atomic virials"] =
                    writer.builder.atomicVirials(vectors, gradient)
            }
        }
        writer.builder.beginStage()
        for member in 0..<members {
            writer.prefix = Self.prefix(member, of: members)
            for (name, value) in otherHeads(of: features[member], with: &writer) {
                outputs[writer.prefix + name] = value
            }
        }
        return writer.builder.finish(outputs: outputs, simplifying: simplifying)
    }

    /// Stage 0: `forces`. Stage 1, which can be run again with another input `direction` (of atoms and ghosts, Å):
    /// their change along it with the opposite sign, the `product` of the Hessian of the energy and the direction.
    public func hessianProgram(members: Int = 1, simplifying: Bool = true) -> Program {
        secondProgram(members: members, simplifying: simplifying) { writer, surface in
            let direction = writer.builder.input("direction", .sources, .plain(3))
            let changes = writer.builder.gradients(
                of: [(surface.forces, direction)], to: [writer.edgeVectors().positions])
            return changes[0].map { ["product": writer.builder.scaled($0, by: -1)] } ?? [:]
        }
    }

    /// Stage 0: `atomic energies`, `forces`, and `edge gradient`, the derivative of the energy by every edge's vector.
    /// Stage 1, with the input `velocities` (of atoms and ghosts): `rates`, the change of atomic energies with time,
    /// and `messages`, the power that messages carry along each edge, unless there is one layer only.
    public func energyFlowProgram(members: Int = 1, simplifying: Bool = true) -> Program {
        secondProgram(members: members, simplifying: simplifying) { writer, surface in
            let velocities = writer.builder.input("velocities", .sources, .plain(3))
            let flow = writer.builder.energyFlow(
                energies: surface.cotangent, forces: surface.forces, velocities: velocities)
            var outputs = ["rates": flow.rates, "edge gradient": surface.edgeGradient]
            outputs["messages"] = flow.messages
            return outputs
        }
    }

    /// Stage 0: `atomic energies`, `forces` and `edge gradient`, as above. Stage 1, with a number of each edge
    /// (`numbers`): `driving`, the derivative of Σ_e numbers_e messages_e by the velocities of atoms and ghosts, unless
    /// there is one layer only.
    ///
    /// - Precondition: radial functions are splines.
    public func heatDrivingProgram(members: Int = 1, simplifying: Bool = true) -> Program {
        secondProgram(members: members, simplifying: simplifying) { writer, surface in
            let velocities = writer.builder.input("velocities", .sources, .plain(3))
            let flow = writer.builder.energyFlow(
                energies: surface.cotangent, forces: surface.forces, velocities: velocities)
            var outputs = ["edge gradient": surface.edgeGradient]
            if let messages = flow.messages {
                let numbers = writer.builder.input("numbers", .edges, .plain(1))
                outputs["driving"] = writer.builder.gradients(of: [(messages, numbers)], to: [velocities])[0]
            }
            return outputs
        }
    }

    /// `features`: of every atom what the last layer hands on and turning the structure does not change (scalars in one
    /// block, or several with their padding).
    public func featureProgram(members: Int = 1) -> Program {
        var writer = ModelWriter(types: configuration.typeNames.count)
        var outputs: [String: Program.Value] = [:]
        for member in 0..<members {
            writer.prefix = Self.prefix(member, of: members)
            let features = configuration.architecture.writeFeatures(of: configuration, with: &writer)
            // Nobody reads them; their parameters have names that are bound.
            if configuration.predictsEnergy { _ = energies(of: features, with: &writer) }
            _ = otherHeads(of: features, with: &writer)
            func scalars(_ value: Program.Value) -> Range<Int> {
                let blocks = writer.builder.program.shape(of: value).layout.blocks
                let first = blocks.firstIndex { $0.l == 0 } ?? 0
                return first..<(blocks[first...].firstIndex { $0.l != 0 } ?? blocks.count)
            }
            // A layer before vectors alone has no scalars.
            guard let last = features.last(where: { !scalars($0).isEmpty }) else {
                preconditionFailure("expected a layer with scalars")
            }
            outputs[writer.prefix + "features"] = writer.builder.slice(last, scalars(last))
        }
        return writer.builder.finish(outputs: outputs)
    }

    /// A potential energy surface as a program has it.
    private struct Surface {
        var cotangent, forces, edgeGradient: Program.Value
    }

    /// `atomic energies` and `forces`, and in a second stage, which can be repeated, what `further` makes of them;
    /// names begin as in `evaluationProgram`.
    private func secondProgram(
        members: Int, simplifying: Bool,
        _ further: (inout ModelWriter, Surface) -> [String: Program.Value]
    ) -> Program {
        var writer = ModelWriter(types: configuration.typeNames.count)
        var outputs: [String: Program.Value] = [:]
        let ones = writer.builder.fill(1, .atoms, .plain(1))
        let surfaces = (0..<members).map { member in
            writer.prefix = Self.prefix(member, of: members)
            let features = configuration.architecture.writeFeatures(of: configuration, with: &writer)
            let energies = energies(of: features, with: &writer)
            let gradients = writer.forcesAndVirial(of: energies, cotangent: ones)
            // Nobody reads them; their parameters have names that are bound.
            _ = otherHeads(of: features, with: &writer)
            outputs[writer.prefix + "atomic energies"] = energies
            outputs[writer.prefix + "forces"] = gradients.forces
            return Surface(cotangent: ones, forces: gradients.forces, edgeGradient: gradients.edgeGradient)
        }
        writer.builder.beginStage(repeats: true)
        for (member, surface) in surfaces.enumerated() {
            writer.prefix = Self.prefix(member, of: members)
            for (name, value) in further(&writer, surface) { outputs[writer.prefix + name] = value }
        }
        return writer.builder.finish(outputs: outputs, simplifying: simplifying)
    }

    /// What the names of a committee's member begin with; nothing for a single model.
    public static func prefix(_ member: Int, of members: Int) -> String { members > 1 ? "member.\(member)." : "" }

    /// The energy of every atom without its shift, `[atom][1]`.
    private func energies(of features: [Program.Value], with writer: inout ModelWriter) -> Program.Value {
        let readout = configuration.architecture.write(.energy, of: features, configuration, with: &writer)
        let scales = writer.input("scales", .fixed(writer.types), .plain(1))
        return writer.builder.product(writer.builder.gather(scales, by: .speciesOfAtom), readout)
    }

    /// What other heads say, by the name of the output.
    private func otherHeads(
        of features: [Program.Value], with writer: inout ModelWriter
    ) -> [(name: String, value: Program.Value)] {
        configuration.heads.filter { $0 != .energy }.map { head in
            (
                "head \(head.name)",
                configuration.architecture.write(head, of: features, configuration, with: &writer)
            )
        }
    }

    /// Stage 0: `energies` (by structure, without shifts), `forces` and `virial`, and `head NAME` of other heads. Stage
    /// 1, after the inputs `energies cotangent`, `forces cotangent`, `virial cotangent` and `head NAME cotangent` are
    /// bound: the gradient of any loss on them, as `gradient NAME` for every trainable parameter that is not `frozen`.
    public func trainingProgram(frozen: Set<String> = [], simplifying: Bool = true) -> Program {
        var writer = ModelWriter(types: configuration.typeNames.count)
        let features = configuration.architecture.writeFeatures(of: configuration, with: &writer)
        let atomic = configuration.predictsEnergy ? energies(of: features, with: &writer) : nil
        let heads = otherHeads(of: features, with: &writer)
        var outputs: [String: Program.Value] = [:]
        var targets: [(value: Program.Value, cotangent: String, axis: Axis, layout: Layout)] = []
        if let atomic {
            let energies = writer.builder.segmentSum(atomic, by: .structureOfAtom, into: .structures)
            let ones = writer.builder.fill(1, .structures, .plain(1))
            let (forces, virial, _) = writer.forcesAndVirial(of: energies, cotangent: ones)
            outputs = ["energies": energies, "forces": forces, "virial": virial]
            targets = [
                (energies, "energies cotangent", .structures, .plain(1)),
                (forces, "forces cotangent", .sources, .plain(3)),
                (virial, "virial cotangent", .structures, .plain(9)),
            ]
        }
        for (name, value) in heads {
            outputs[name] = value
            targets.append(
                (value, "\(name) cotangent", .atoms, writer.builder.program.shape(of: value).layout))
        }
        writer.builder.beginStage()
        let trainable = parameters.filter { $0.isTrainable && !frozen.contains($0.name) }
        var cotangents: [(Program.Value, Program.Value)] = []
        for target in targets {
            cotangents.append((target.value, writer.builder.input(target.cotangent, target.axis, target.layout)))
        }
        let gradients = writer.builder.gradients(of: cotangents, to: trainable.map { writer.inputs[$0.name]! })
        for (parameter, gradient) in zip(trainable, gradients) { outputs["gradient \(parameter.name)"] = gradient }
        return writer.builder.finish(outputs: outputs, simplifying: simplifying)
    }

    /// What energies, forces and virial need on a structure with so many atoms and edges; see `OperationCount`.
    public func operationCount(atoms: Int, edges: Int, members: Int = 1) -> OperationCount {
        evaluationProgram(members: members).operationCount(atoms: atoms, edges: edges)
    }
}
