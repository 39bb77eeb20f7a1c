import Atoms
import Foundation
import Logging
import Potentials
import Relaxation

/// A crystal at several volumes, with its atoms, or atoms and the cell's shape, relaxed at each.
struct VolumeScan {
    let input: PropertyInput
    var relaxes = true
    var relaxesShape = false

    /// - Throws: where there is no energy at a volume (Å³).
    func structures(from base: Structure, at volumes: [Double]) throws -> [RelaxedStructure] {
        let scaled = volumes.map { volume in
            base.strained(by: Matrix3.identity * (pow(volume / base.cell!.volume, 1.0 / 3) - 1))
        }
        var settings = RelaxationSettings()
        settings.forceTolerance = relaxes ? 1e-4 : .infinity
        settings.stressTolerance = 1e-3 / Units.gigapascal
        settings.cellChange = relaxesShape ? .shape : .fixed
        let outcomes = Relaxation(
            input.evaluator, settings: settings, energyNoise: Potential.Precision.float64.energyNoise
        ).run(scaled)
        let file = input.request.structure
        for outcome in outcomes {
            let volume = Written.fixed(outcome.structure.cell!.volume / Double(base.count), 3)
            if outcome.structure.energy == nil {
                throw CommandError("\(file): at \(volume) Å³ per atom: \(outcome.failure ?? "no energy")")
            }
            if let failure = outcome.failure {
                Logger(label: "apus").warning("\(file): at \(volume) Å³ per atom: \(failure)")
            }
            if let pair = outcome.tooClose {
                Logger(label: "apus").warning(
                    "\(file): at \(volume) Å³ per atom two atoms are \(Written.fixed(pair.distance, 3)) Å apart, \(pair.reason)"
                )
            }
        }
        return outcomes
    }
}
