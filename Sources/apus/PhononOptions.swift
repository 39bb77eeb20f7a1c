import ArgumentParser
import Commands
import Interactions

/// What all commands that compute phonons are told.
struct PhononOptions: ParsableArguments {
    @Option(parsing: .upToNextOption, help: "Copies along the cell vectors: one number or three.")
    var supercell: [Int] = [2]

    @Option(
        help:
            "analytic: by the potential's own second derivatives; differences: of forces at displaced atoms. The former where there are any, unless given."
    )
    var hessian: HessianMethod?

    @Option(help: "How far atoms are displaced for differences, in Å.")
    var displacement = 0.01

    @Option(parsing: .upToNextOption, help: "The grid for states and thermodynamics: one number or three.")
    var mesh: [Int] = []

    @Option(help: "Temperatures in K, FROM:TO:STEP.")
    var temperatures = "0:1000:50"

    @OptionGroup var symmetry: SymmetryOptions

    func validate() throws { _ = try options() }

    func options() throws -> PhononsJob.Options {
        var options = PhononsJob.Options()
        func three(_ numbers: [Int], _ option: String) throws -> [Int] {
            guard [1, 3].contains(numbers.count), numbers.allSatisfy({ (1...1000).contains($0) }) else {
                throw ValidationError("\(option): expected one number from 1 to 1000 or three, found \(numbers)")
            }
            return numbers.count == 1 ? [numbers[0], numbers[0], numbers[0]] : numbers
        }
        options.supercell = try three(supercell, "--supercell")
        if !mesh.isEmpty { options.mesh = try three(mesh, "--mesh") }
        guard (1e-5...0.5).contains(displacement) else {
            throw ValidationError("--displacement: expected 1e-5…0.5 Å, found \(displacement)")
        }
        let range = temperatures.split(separator: ":").map { Double($0) ?? .nan }
        guard range.count == 3, range[0] >= 0, range[1] >= range[0], range[2] > 0, range[1] <= 1e6,
            (range[1] - range[0]) / range[2] <= 100_000
        else { throw ValidationError("--temperatures: expected FROM:TO:STEP in K, found '\(temperatures)'") }
        options.hessian = hessian
        options.displacement = displacement
        options.temperatures = range
        options.symmetryTolerance = symmetry.tolerance
        return options
    }
}

extension HessianMethod: ExpressibleByArgument {}
