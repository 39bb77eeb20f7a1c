import Atoms
import Foundation

/// Errors of energies, forces and stresses over many structures, in the units that people compare.
public struct ErrorMeasures: Sendable {
    private struct Sum: Sendable {
        var absolute = 0.0
        var squares = 0.0
        var count = 0
        var largest = 0.0

        mutating func add(_ error: Double) {
            absolute += abs(error)
            squares += error * error
            largest = max(largest, abs(error))
            count += 1
        }

        var mean: Double? { count > 0 ? absolute / Double(count) : nil }
        var rms: Double? { count > 0 ? (squares / Double(count)).squareRoot() : nil }
    }

    public private(set) var structures = 0
    public private(set) var atoms = 0
    private var energyPerAtom = Sum()
    private var energy = Sum()
    private var forces = Sum()
    private var forcesByElement: [Element: Sum] = [:]
    private var stress = Sum()
    /// Other properties that are predicted.
    public let others: [Property]
    private var sums: [Property: Sum] = [:]

    /// - Parameter others: properties beside energy, forces and stress that are predicted.
    public init(of others: [Property] = []) { self.others = others }

    /// Takes one structure: errors in eV, eV/Å and eV/Å³ (nine stress components), each `nil` without a label; those of
    /// other properties in their units.
    ///
    /// - Parameter forceWeights: `[atom]`; components without weight are no labels.
    public mutating func add(
        elements: [Element], energyError: Double?, forceErrors: [SIMD3<Double>]?, stressError: Matrix3?,
        others: [Property: [Double]] = [:], forceWeights: [SIMD3<Double>]? = nil
    ) {
        structures += 1
        atoms += elements.count
        if let energyError {
            energy.add(energyError)
            energyPerAtom.add(energyError / Double(elements.count))
        }
        for (atom, (element, error)) in zip(elements, forceErrors ?? []).enumerated() {
            for axis in 0..<3 where forceWeights.map({ $0[atom][axis] > 0 }) ?? true {
                forces.add(error[axis])
                forcesByElement[element, default: Sum()].add(error[axis])
            }
        }
        for error in stressError?.elements ?? [] { stress.add(error) }
        for (property, errors) in others { for error in errors { sums[property, default: Sum()].add(error) } }
    }

    // Errors: meV/atom, meV, meV/Å, GPa; `nil` where there were no labels.
    public var energyMAE: Double? { energyPerAtom.mean.map { 1000 * $0 } }
    public var energyRMSE: Double? { energyPerAtom.rms.map { 1000 * $0 } }
    public var totalEnergyRMSE: Double? { energy.rms.map { 1000 * $0 } }
    public var forcesMAE: Double? { forces.mean.map { 1000 * $0 } }
    public var forcesRMSE: Double? { forces.rms.map { 1000 * $0 } }
    public var largestForceError: Double? { forces.count > 0 ? 1000 * forces.largest : nil }
    public var stressMAE: Double? { stress.mean.map { $0 * Units.gigapascal } }
    public var stressRMSE: Double? { stress.rms.map { $0 * Units.gigapascal } }
    /// meV/Å by element.
    public var forcesRMSEByElement: [(element: Element, error: Double)] {
        forcesByElement.sorted { $0.key < $1.key }.compactMap { element, sum in sum.rms.map { (element, 1000 * $0) } }
    }

    /// meV/Å, of one element; `nil` where it had no forces.
    public func forcesRMSE(of element: Element) -> Double? { forcesByElement[element]?.rms.map { 1000 * $0 } }

    /// Of the components of another property, in its unit; `nil` where there were no labels.
    public struct Others: Sendable, Equatable, Encodable {
        public let mae, rmse, largest: Double
        public let unit: String
        /// Numbers compared.
        public let count: Int
    }

    public subscript(property: Property) -> Others? {
        guard let sum = sums[property], let mae = sum.mean, let rmse = sum.rms else { return nil }
        return Others(mae: mae, rmse: rmse, largest: sum.largest, unit: property.unit, count: sum.count)
    }

    /// Named values in the order of printing; `nil` where there were no labels.
    public var named: [(name: String, value: Double?)] {
        [
            ("energy_mae_mev_per_atom", energyMAE), ("energy_rmse_mev_per_atom", energyRMSE),
            ("energy_rmse_mev", totalEnergyRMSE), ("forces_mae_mev_per_angstrom", forcesMAE),
            ("forces_rmse_mev_per_angstrom", forcesRMSE), ("forces_max_error_mev_per_angstrom", largestForceError),
            ("stress_mae_gpa", stressMAE), ("stress_rmse_gpa", stressRMSE),
        ]
            + others.flatMap { property in
                [
                    ("\(property)_mae_\(property.unitWord)", self[property]?.mae),
                    ("\(property)_rmse_\(property.unitWord)", self[property]?.rmse),
                ]
            }
    }
}
