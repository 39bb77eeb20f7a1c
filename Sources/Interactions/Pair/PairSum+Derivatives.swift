import Atoms
import Neighbors

extension PairSum {
    /// `(H d)_i = Σ_j (u″ r̂⊗r̂ + u′/r (1 − r̂⊗r̂)) (d_i − d_j)` for each direction d.
    func hessian(
        _ pair: some PairEnergy, _ configuration: Configuration, times directions: [[SIMD3<Double>]]
    ) -> [[SIMD3<Double>]] {
        let (elements, edges) = (configuration.elements, configuration.edges)
        var products = directions.map { $0.map { _ in SIMD3<Double>.zero } }
        guard !directions.isEmpty else { return products }
        for e in 0..<edges.count {
            let (i, j) = (Int(edges.receivers[e]), Int(edges.sources[e]))
            let r = SIMD3(edges.x[e], edges.y[e], edges.z[e])
            let distance = norm(r)
            guard distance < pair.cutoff else { continue }
            let (a, b) = (elements[i].atomicNumber, elements[j].atomicNumber)
            let unit = r / distance
            let across = pair.energyAndSlope(at: distance, between: a, and: b).slope / distance
            let along = pair.curvature(at: distance, between: a, and: b) - across
            for k in directions.indices {
                let d = directions[k][i] - directions[k][j]
                products[k][i] += unit * (along * dot(unit, d)) + d * across
            }
        }
        return products
    }

    /// Every edge into an atom carries half of its pair's energy.
    func energyFlow(
        _ pair: some PairEnergy, _ configuration: Configuration, velocities: [SIMD3<Double>]
    ) -> EnergyFlow {
        EnergyFlow(configuration.edges, velocities: velocities) { slope(pair, configuration, $0) }
    }

    func heatDrivingForces(
        _ pair: some PairEnergy, _ configuration: Configuration, fields: [SIMD3<Double>]
    ) -> [[SIMD3<Double>]] {
        EnergyFlow.drivingForces(configuration.edges, fields: fields) { slope(pair, configuration, $0) }
    }

    /// The derivative of the energy of an edge by its vector.
    private func slope(_ pair: some PairEnergy, _ configuration: Configuration, _ e: Int) -> SIMD3<Double> {
        let (elements, edges) = (configuration.elements, configuration.edges)
        let r = SIMD3(edges.x[e], edges.y[e], edges.z[e])
        let distance = norm(r)
        guard distance < pair.cutoff else { return .zero }
        let slope = pair.energyAndSlope(
            at: distance, between: elements[Int(edges.receivers[e])].atomicNumber,
            and: elements[Int(edges.sources[e])].atomicNumber
        ).slope
        return r * (0.5 * slope / distance)
    }
}
