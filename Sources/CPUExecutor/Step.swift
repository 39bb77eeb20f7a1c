import Compute
import Equivariance
import Programs

/// An instruction made ready: whatever can be known before there is a graph is known, so that running it neither
/// looks anything up nor allocates.
struct Step<T: ExecutableScalar> {
    typealias Body = (ProcessorExecutor<T>, Graph) -> Void

    /// Position among the instructions of the program.
    var index: Int
    /// Whether it depends on fixed inputs and constants only.
    var isStatic: Bool
    var run: Body
}

/// The steps of a program, in order, and the scratch memory that they need.
public final class StepPreparation<T: ExecutableScalar> {
    let program: Program
    private let placements: Placements
    private let isStatic: [Bool]
    private(set) var steps: [Step<T>] = []
    /// Scalars that each thread needs.
    private(set) var scratchSize = 64
    /// Scalars that transposed weights take.
    private(set) var transposedSize = 0
    private var transposes: [Weights: Int] = [:]
    private var convolutions: [Convolution: ConvolutionPlan<T>] = [:]
    private var harmonics: [Int: SphericalHarmonics] = [:]

    /// The weights of a map.
    private struct Weights: Hashable {
        var value: Program.Value
        var map: LinearMap
    }

    init(_ program: Program, _ placements: Placements, isStatic: [Bool]) {
        self.program = program
        self.placements = placements
        self.isStatic = isStatic
        T.prepare(self)
    }

    /// Must be called from code that is compiled for a concrete `T`: then the steps are specialised.
    @inline(__always)
    func prepare() {
        for (index, instruction) in program.instructions.enumerated() {
            guard let body = body(instruction, at: index) else { continue }
            steps.append(Step(index: index, isStatic: isStatic[instruction.results[0].index], run: body))
        }
    }

    /// Where the transpose of a map's weights stands in `ProcessorExecutor.transposed`, and what must write it there
    /// before each use; `nil` where they depend on parameters only, since a step of its own then does it.
    ///
    /// OpenBLAS takes twice as long for a product with a small matrix that is transposed.
    func transpose(_ weights: Program.Value, of map: LinearMap, at index: Int) -> (offset: Int, write: Step<T>.Body?)
    {
        let key = Weights(value: weights, map: map)
        let isKnown = transposes[key] != nil
        guard case .fixed(let kinds) = program.shape(of: weights).axis else {
            preconditionFailure("expected weights in a fixed number of rows, got \(program.shape(of: weights).axis)")
        }
        let offset = transposes[key] ?? transposedSize
        if !isKnown {
            transposes[key] = offset
            transposedSize += Layout.padded(kinds * map.weights.width)
        }
        let write: Step<T>.Body = { executor, _ in
            LinearKernels.transpose(
                map, kinds: kinds, weights: executor.pointer(weights), output: executor.transposed.pointer + offset)
        }
        guard isStatic[weights.index] else { return (offset, write) }
        if !isKnown { steps.append(Step(index: index, isStatic: true, run: write)) }
        return (offset, nil)
    }

    /// Distance between the rows of a value.
    func rowStride(_ value: Program.Value) -> Int { placements[value].stride }

    /// Whether a value is a part of another in memory.
    func isPart(_ value: Program.Value, of whole: Program.Value) -> Bool {
        placements[value].root == placements[whole].root
    }

    func needsScratch(_ size: Int) { scratchSize = max(scratchSize, size + 64) }

    func plan(_ convolution: Convolution) -> ConvolutionPlan<T> {
        if let plan = convolutions[convolution] { return plan }
        let plan = ConvolutionPlan<T>(convolution)
        convolutions[convolution] = plan
        return plan
    }

    func sphericalHarmonics(_ lMax: Int) -> SphericalHarmonics {
        if let known = harmonics[lMax] { return known }
        let made = SphericalHarmonics(lMax: lMax)
        harmonics[lMax] = made
        return made
    }
}

/// A scalar that programs run in. Its requirement is the door from code that is generic over the scalar to code that
/// is compiled for one; everything behind it is specialised.
public protocol ExecutableScalar: KernelScalar {
    static func prepare(_ preparation: StepPreparation<Self>)
}

extension Float: ExecutableScalar {
    public static func prepare(_ preparation: StepPreparation<Float>) { preparation.prepare() }
}

extension Double: ExecutableScalar {
    public static func prepare(_ preparation: StepPreparation<Double>) { preparation.prepare() }
}
