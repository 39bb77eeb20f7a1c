import Compute
import Equivariance
import Programs

/// An instruction made ready: whatever can be known before there is a graph is known, so that running it neither
/// looks anything up nor allocates.
struct Step<T: ExecutableScalar> {
    /// Position among the instructions of the program.
    var index: Int
    var run: (Executor<T>, Graph) -> Void
}

/// The steps of a program, in order, and the scratch memory that they need.
public final class StepPreparation<T: ExecutableScalar> {
    let program: Program
    private let placements: Placements
    private(set) var steps: [Step<T>] = []
    /// Scalars that each thread needs.
    private(set) var scratchSize = 64
    private var convolutions: [Convolution: ConvolutionPlan<T>] = [:]
    private var harmonics: [Int: SphericalHarmonics] = [:]

    init(_ program: Program, _ placements: Placements) {
        self.program = program
        self.placements = placements
        T.prepare(self)
    }

    /// Must be called from code that is compiled for a concrete `T`: then the steps are specialised.
    @inline(__always)
    func prepare() {
        for (index, instruction) in program.instructions.enumerated() {
            guard let body = body(instruction) else { continue }
            steps.append(Step(index: index, run: body))
        }
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
