import Atoms
import Models

/// What a training's model predicts: the labels of its loss, each with the size that its heads begin with.
struct TrainingOutputs {
    let loss: LossSettings

    /// Whether there is a potential energy surface.
    var hasEnergy: Bool { loss.labels.contains { Property.ofEnergySurface.contains($0) } }

    /// - Parameters:
    ///   - structures: those to train on.
    ///   - elements: the model's types.
    func outputs(for structures: some Sequence<Structure>, _ elements: [Element]) throws -> [Output] {
        let others = loss.labels.filter { !Property.ofEnergySurface.contains($0) }
        var outputs = hasEnergy ? [Output.energy] : []
        for property in others {
            switch property.scope {
            case .atom: outputs.append(ofAtoms(property, structures, elements))
            case .structure: outputs.append(ofStructures(property, structures, hasCharges: others.contains(.charges)))
            }
        }
        return outputs
    }

    /// Scalars less their mean by element; the scale is what that leaves, the root mean square of components.
    private func ofAtoms(_ property: Property, _ structures: some Sequence<Structure>, _ elements: [Element])
        -> Output
    {
        var sums: [Element: (sum: Double, count: Int)] = [:]
        var squares = (sum: 0.0, count: 0)
        if property.shape == .scalar {
            for structure in structures {
                for (element, value) in zip(structure.elements, structure.properties[property] ?? []) {
                    sums[element, default: (0, 0)].sum += value
                    sums[element]!.count += 1
                }
            }
        }
        let means = sums.mapValues { $0.sum / Double($0.count) }
        let components = property.shape.components
        for structure in structures {
            for (place, value) in (structure.properties[property] ?? []).enumerated() {
                let rest = value - (means[structure.elements[place / components]] ?? 0)
                squares.sum += rest * rest
                squares.count += 1
            }
        }
        return Output(
            property, scale: Self.root(squares),
            perTypeShifts: property.shape == .scalar ? elements.map { means[$0] ?? 0 } : [])
    }

    /// As large as sums over atoms without correlation need it: √(Σ q² / Σ N components).
    private func ofStructures(
        _ property: Property, _ structures: some Sequence<Structure>, hasCharges: Bool
    ) -> Output {
        var squares = (sum: 0.0, count: 0)
        for structure in structures {
            guard var values = structure.properties[property] else { continue }
            if property == .dipole {
                // What cannot be learned was refused before.
                guard let dipole = try? structure.dipoleAboutCentroid() else { continue }
                let centroid = structure.centroid
                let charges = hasCharges ? structure.properties[.charges] ?? [] : []
                let rest = zip(charges, structure.positions).reduce(dipole) { $0 - $1.0 * ($1.1 - centroid) }
                values = [rest.x, rest.y, rest.z]
            }
            squares.sum += values.reduce(0) { $0 + $1 * $1 }
            squares.count += structure.count * values.count
        }
        return Output(property, scale: Self.root(squares))
    }

    /// 1 where there is nothing, or nothing but zeros.
    private static func root(_ squares: (sum: Double, count: Int)) -> Double {
        let rms = squares.count > 0 ? (squares.sum / Double(squares.count)).squareRoot() : 0
        return rms > 1e-8 ? rms : 1
    }
}
