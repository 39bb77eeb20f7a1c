import Atoms
import Settings

/// The stress that a cell is relaxed to, from `--pressure` or `--stress`.
struct TargetStress {
    /// eV/Å³, positive in tension.
    var tensor = Matrix3.zero
    /// The option that was given.
    var option: String?

    /// - Parameters:
    ///   - pressure: for example `5 GPa`.
    ///   - stress: six numbers in GPa, xx yy zz yz xz xy, positive in tension.
    init(pressure: String?, stress: String?) throws {
        guard pressure == nil || stress == nil else {
            throw CommandError("--pressure and --stress: expected one of them, found both")
        }
        if let pressure {
            option = "--pressure"
            let value = try Quantity.pressure.value(of: pressure, option: "--pressure")
            tensor = Matrix3.identity * (-value / Units.gigapascal)
        }
        if let stress {
            option = "--stress"
            let numbers = stress.split { $0 == " " || $0 == "," }.map { Double($0) }
            guard numbers.count == 6, numbers.allSatisfy({ $0?.isFinite == true }) else {
                throw CommandError(
                    "--stress: expected six numbers in GPa, xx yy zz yz xz xy, positive in tension, found '\(stress)'"
                )
            }
            let s = numbers.map { $0! / Units.gigapascal }
            tensor = Matrix3(SIMD3(s[0], s[5], s[4]), SIMD3(s[5], s[1], s[3]), SIMD3(s[4], s[3], s[2]))
        }
    }
}
