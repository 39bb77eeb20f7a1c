import Atoms
import Interactions
import Models
import Programs

/// Derivatives of forces and of atomic energies, by programs of their own that are made when they are asked for.
extension NetworkInteraction {
    public func hessian(
        of configuration: Configuration, times directions: [[SIMD3<Double>]]
    ) throws -> [[SIMD3<Double>]]? {
        guard self.configuration.predictsEnergy, configuration.isWhole else { return nil }
        if directions.isEmpty { return [] }
        try find(speciesOf: configuration.elements)
        let executor = hessianExecutor
        let products = prefixes.map { executor.program.output($0 + "product") }
        return try withSecondStage(of: executor, "direction", directions, configuration) { graph in
            var mean = [SIMD3<Double>](repeating: .zero, count: graph.atoms)
            for product in products {
                executor.withOutput(product, on: graph) { numbers in
                    for atom in mean.indices { mean[atom] += Self.vector(numbers, atom) / Double(memberCount) }
                }
            }
            try Self.expectFinite(mean.allSatisfy { dot($0, $0).isFinite }, "a second derivative")
            return mean
        }
    }

    public func energyFlow(of configuration: Configuration, velocities: [SIMD3<Double>]) throws -> EnergyFlow? {
        guard self.configuration.predictsEnergy, configuration.isWhole else { return nil }
        try find(speciesOf: configuration.elements)
        let executor = flowExecutor
        return try withSecondStage(of: executor, "velocities", [velocities], configuration) { graph in
            var flow = EnergyFlow(atoms: graph.atoms)
            let share = 1 / Double(memberCount)
            for prefix in prefixes {
                executor.withOutput(executor.program.output(prefix + "rates"), on: graph) { rates in
                    for atom in flow.rates.indices { flow.rates[atom] += share * Double(rates[atom]) }
                }
                var powers = [Double](repeating: 0, count: graph.edges)
                executor.withOutput(executor.program.output(prefix + "edge gradient"), on: graph) { gradient in
                    for edge in powers.indices {
                        powers[edge] = dot(Self.vector(gradient, edge), velocities[Int(graph.sourceOfEdge[edge])])
                    }
                }
                if executor.program.outputs[prefix + "messages"] != nil {
                    executor.withOutput(executor.program.output(prefix + "messages"), on: graph) { messages in
                        for edge in powers.indices { powers[edge] += Double(messages[edge]) }
                    }
                }
                for edge in powers.indices {
                    flow.flux -= SIMD3(graph.x[edge], graph.y[edge], graph.z[edge]) * (share * powers[edge])
                }
            }
            try Self.expectFinite(dot(flow.flux, flow.flux).isFinite, "a heat flux")
            return flow
        }[0]
    }

    public func heatDrivingForces(
        of configuration: Configuration, fields: [SIMD3<Double>]
    ) throws -> [[SIMD3<Double>]]? {
        // Derivatives along a basis need one that is a function of the distance.
        guard self.configuration.predictsEnergy, configuration.edges.ghostCount == 0, hasSplines else { return nil }
        try find(speciesOf: configuration.elements)
        let executor = drivingExecutor
        return try Graph.with(species: species, edges: configuration.edges) { graph in
            executor.run(on: graph, stage: 0)
            return try fields.map { field in
                let forces = drivingForces(on: graph, field, executor)
                try Self.expectFinite(forces.allSatisfy { dot($0, $0).isFinite }, "a driving force")
                return forces
            }
        }
    }

    /// After the first stage.
    private func drivingForces(
        on graph: Graph, _ field: SIMD3<Double>, _ executor: any Executor<T>
    ) -> [SIMD3<Double>] {
        let program = executor.program
        let numbers = (0..<graph.edges).map { e in -dot(SIMD3(graph.x[e], graph.y[e], graph.z[e]), field) }
        let share = 1 / Double(memberCount)
        var forces = [SIMD3<Double>](repeating: .zero, count: graph.atoms)
        let hasMessages = program.outputs[prefixes[0] + "driving"] != nil
        if hasMessages {
            executor.withInput("numbers", on: graph) { input in
                for (e, number) in numbers.enumerated() { input[e] = T(number) }
            }
            executor.run(on: graph, stage: 1)
        }
        for prefix in prefixes {
            executor.withOutput(program.output(prefix + "edge gradient"), on: graph) { gradient in
                for (e, number) in numbers.enumerated() {
                    forces[Int(graph.sourceOfEdge[e])] += Self.vector(gradient, e) * (share * number)
                }
            }
            if hasMessages {
                executor.withOutput(program.output(prefix + "driving"), on: graph) { driving in
                    for atom in forces.indices { forces[atom] += Self.vector(driving, atom) * share }
                }
            }
        }
        return forces
    }

    /// Whether radial weights are splines of the distance, and not computed on every edge.
    private var hasSplines: Bool {
        !executor.program.instructions.contains {
            if case .radialBasis(.ownRow, _) = $0.operation { true } else { false }
        }
    }

    private var prefixes: [String] { (0..<memberCount).map { Model.prefix($0, of: memberCount) } }

    /// Runs the first stage of a program once, and the second for each of the vectors of atoms that its input takes.
    private func withSecondStage<R>(
        of executor: any Executor<T>, _ name: String, _ vectors: [[SIMD3<Double>]], _ configuration: Configuration,
        _ body: (Graph) throws -> R
    ) throws -> [R] {
        try Graph.with(species: species, edges: configuration.edges) { graph in
            executor.run(on: graph, stage: 0)
            return try vectors.map { vectors in
                precondition(
                    vectors.count == graph.atoms, "expected \(graph.atoms) vectors, got \(vectors.count)")
                executor.withInput(name, on: graph) { input in
                    for (atom, vector) in vectors.enumerated() {
                        for axis in 0..<3 { input[3 * atom + axis] = T(vector[axis]) }
                    }
                }
                executor.run(on: graph, stage: 1)
                return try body(graph)
            }
        }
    }

    private static func expectFinite(_ isFinite: Bool, _ what: String) throws {
        guard isFinite else {
            throw InteractionError(
                .notFinite,
                "The potential gives \(what) that is not a finite number: atoms are probably on top of each other.")
        }
    }
}
