import Equivariance
import Models

/// The paths of a convolution in the order of e3nn's programs: by block of the input, harmonic, output irrep, and the
/// outputs sorted by irrep.
struct ConvolutionPaths {
    private struct Path {
        var input: Irrep
        var lHarmonic: Int
        var output: Irrep
        var multiplicity: Int
    }

    /// As they are found.
    private let found: [Path]
    /// By irrep of the output; those with the same keep their order.
    private let sorted: [Path]
    /// What the convolution gives, sorted and merged.
    let convolved: Irreps

    /// All paths to irreps that are kept.
    init(input: Irreps, harmonics: Irreps, keeping isKept: (Irrep) -> Bool) {
        found = input.flatMap { block in
            harmonics.flatMap { harmonic in
                (block.irrep * harmonic.irrep)
                    .filter(isKept)
                    .map {
                        Path(
                            input: block.irrep, lHarmonic: harmonic.irrep.l, output: $0,
                            multiplicity: block.multiplicity)
                    }
            }
        }
        let irreps = Irreps(found.map { .init($0.multiplicity, $0.output) })
        let paths = found
        sorted = irreps.sortedOrder.map { paths[$0] }
        convolved = irreps.sorted.simplified
    }

    var weightCount: Int { found.reduce(0) { $0 + $1.multiplicity } }

    /// The first column of radial weights of a path.
    func firstWeight(of input: Irrep, _ lHarmonic: Int, _ output: Irrep, isSorted: Bool) -> Int {
        var next = 0
        for path in isSorted ? sorted : found {
            if path.input == input, path.lHarmonic == lHarmonic, path.output == output { return next }
            next += path.multiplicity
        }
        preconditionFailure("no path \(input) × \(lHarmonic) → \(output)")
    }

    /// The first channel of a path among those with the same output.
    func firstChannel(of input: Irrep, _ lHarmonic: Int, _ output: Irrep) -> Int {
        var next = 0
        for path in sorted where path.output == output {
            if path.input == input, path.lHarmonic == lHarmonic { return next }
            next += path.multiplicity
        }
        preconditionFailure("no path \(input) × \(lHarmonic) → \(output)")
    }
}

/// The input of a gate of e3nn's: scalars, a gate for every other channel, and these; sorted and merged.
struct GateColumns {
    private let scalars, gated: Irreps
    let irreps: Irreps

    init(_ output: Irreps) {
        scalars = Irreps(output.filter { $0.irrep.l == 0 })
        gated = Irreps(output.filter { $0.irrep.l > 0 })
        let gates = Irreps(gated.map { .init($0.multiplicity, .scalar) })
        irreps = (scalars + gates + gated).sorted.simplified
    }

    /// Its columns of an irrep in our order: gates follow our order of the features.
    func columns(of irrep: Irrep, inOrderOf shape: NequIP.LayerShape) -> [Int] {
        guard irrep == .scalar else { return Array(0..<irreps.multiplicity(of: irrep)) }
        let count = scalars.multiplicity(of: .scalar)
        var first: [Irrep: Int] = [:]
        var next = count
        for block in gated {
            first[block.irrep] = next
            next += block.multiplicity
        }
        return Array(0..<count)
            + shape.output.filter { $0.irrep.l > 0 }.flatMap { first[$0.irrep]!..<first[$0.irrep]! + $0.multiplicity }
    }
}
