import Compute
import Programs

/// The path kernel that is compiled for particular degrees, looked up once when a plan is made.
///
/// Must be made in code that is compiled for a concrete `T`: then the functions are the specialised ones.
struct CompiledPath<T: KernelScalar>: Sendable {
    let forward:
        @Sendable (
            borrowing EdgeGroup<T>, ConvolutionPlan<T>.Path, UnsafePointer<T>, UnsafePointer<T>,
            UnsafeMutablePointer<T>
        ) -> Void
    let backward:
        @Sendable (
            borrowing EdgeGroup<T>, ConvolutionPlan<T>.Path, UnsafePointer<T>, SourceFeatures<T>, UnsafePointer<T>,
            PathGradients<T>
        ) -> Void
    let features:
        @Sendable (
            borrowing EdgeGroup<T>, ConvolutionPlan<T>.Path, UnsafePointer<T>, UnsafePointer<T>,
            UnsafeMutablePointer<T>
        ) -> Void
    let table:
        @Sendable (
            borrowing EdgeGroup<T>, ConvolutionPlan<T>.Path, UnsafePointer<T>, UnsafePointer<T>,
            UnsafeMutablePointer<T>
        ) -> Void

    @inline(__always)
    private init<Kernel: PathKernel>(_: Kernel.Type) where Kernel.Scalar == T {
        forward = { Kernel.forward($0, $1, table: $2, features: $3, output: $4) }
        backward = { Kernel.backward($0, $1, table: $2, source: $3, output: $4, gradients: $5) }
        features = { Kernel.features($0, $1, table: $2, output: $3, gradient: $4) }
        table = { Kernel.table($0, $1, features: $2, output: $3, gradient: $4) }
    }

    /// For degrees up to `Convolution.largestDegree` and a path of so many vectors of channels.
    init(_ coupling: Coupling, vectors: Int) {
        // Two vectors at once where the registers hold what that takes, and in the precision that is there for speed.
        if MemoryLayout<T>.size == 4, vectors.isMultiple(of: 2), coupling.l1 + coupling.l3 <= 4 {
            self.init(pairwise: coupling)
        } else {
            self.init(single: coupling)
        }
    }

    private init(pairwise coupling: Coupling) {
        switch (coupling.kind, 2 * coupling.l1 + 1, 2 * coupling.l3 + 1) {
        case (.coupled, 3, 1): self.init(CoupledPath<T, 3, 1, 2>.self)
        case (.coupled, 3, 3): self.init(CoupledPath<T, 3, 3, 2>.self)
        case (.coupled, 3, 5): self.init(CoupledPath<T, 3, 5, 2>.self)
        case (.coupled, 3, 7): self.init(CoupledPath<T, 3, 7, 2>.self)
        case (.coupled, 5, 1): self.init(CoupledPath<T, 5, 1, 2>.self)
        case (.coupled, 5, 3): self.init(CoupledPath<T, 5, 3, 2>.self)
        case (.coupled, 5, 5): self.init(CoupledPath<T, 5, 5, 2>.self)
        case (.coupled, 7, 1): self.init(CoupledPath<T, 7, 1, 2>.self)
        case (.coupled, 7, 3): self.init(CoupledPath<T, 7, 3, 2>.self)
        case (.coupled, 9, 1): self.init(CoupledPath<T, 9, 1, 2>.self)
        case (.scalar, 1, 3): self.init(ScalarPath<T, 3, 2>.self)
        case (.scalar, 1, 5): self.init(ScalarPath<T, 5, 2>.self)
        case (.scalar, 1, 7): self.init(ScalarPath<T, 7, 2>.self)
        case (.scalar, 1, 9): self.init(ScalarPath<T, 9, 2>.self)
        case (.diagonal, 1, 1): self.init(DiagonalPath<T, 1, 2>.self)
        case (.diagonal, 3, 3): self.init(DiagonalPath<T, 3, 2>.self)
        case (.diagonal, 5, 5): self.init(DiagonalPath<T, 5, 2>.self)
        default: self.init(single: coupling)
        }
    }

    private init(single coupling: Coupling) {
        switch (coupling.kind, 2 * coupling.l1 + 1, 2 * coupling.l3 + 1) {
        case (.coupled, 3, 1): self.init(CoupledPath<T, 3, 1, 1>.self)
        case (.coupled, 3, 3): self.init(CoupledPath<T, 3, 3, 1>.self)
        case (.coupled, 3, 5): self.init(CoupledPath<T, 3, 5, 1>.self)
        case (.coupled, 3, 7): self.init(CoupledPath<T, 3, 7, 1>.self)
        case (.coupled, 3, 9): self.init(CoupledPath<T, 3, 9, 1>.self)
        case (.coupled, 5, 1): self.init(CoupledPath<T, 5, 1, 1>.self)
        case (.coupled, 5, 3): self.init(CoupledPath<T, 5, 3, 1>.self)
        case (.coupled, 5, 5): self.init(CoupledPath<T, 5, 5, 1>.self)
        case (.coupled, 5, 7): self.init(CoupledPath<T, 5, 7, 1>.self)
        case (.coupled, 5, 9): self.init(CoupledPath<T, 5, 9, 1>.self)
        case (.coupled, 7, 1): self.init(CoupledPath<T, 7, 1, 1>.self)
        case (.coupled, 7, 3): self.init(CoupledPath<T, 7, 3, 1>.self)
        case (.coupled, 7, 5): self.init(CoupledPath<T, 7, 5, 1>.self)
        case (.coupled, 7, 7): self.init(CoupledPath<T, 7, 7, 1>.self)
        case (.coupled, 7, 9): self.init(CoupledPath<T, 7, 9, 1>.self)
        case (.coupled, 9, 1): self.init(CoupledPath<T, 9, 1, 1>.self)
        case (.coupled, 9, 3): self.init(CoupledPath<T, 9, 3, 1>.self)
        case (.coupled, 9, 5): self.init(CoupledPath<T, 9, 5, 1>.self)
        case (.coupled, 9, 7): self.init(CoupledPath<T, 9, 7, 1>.self)
        case (.coupled, 9, 9): self.init(CoupledPath<T, 9, 9, 1>.self)
        case (.scalar, 1, 3): self.init(ScalarPath<T, 3, 1>.self)
        case (.scalar, 1, 5): self.init(ScalarPath<T, 5, 1>.self)
        case (.scalar, 1, 7): self.init(ScalarPath<T, 7, 1>.self)
        case (.scalar, 1, 9): self.init(ScalarPath<T, 9, 1>.self)
        case (.diagonal, 1, 1): self.init(DiagonalPath<T, 1, 1>.self)
        case (.diagonal, 3, 3): self.init(DiagonalPath<T, 3, 1>.self)
        case (.diagonal, 5, 5): self.init(DiagonalPath<T, 5, 1>.self)
        case (.diagonal, 7, 7): self.init(DiagonalPath<T, 7, 1>.self)
        case (.diagonal, 9, 9): self.init(DiagonalPath<T, 9, 1>.self)
        default:
            preconditionFailure(
                "expected degrees up to \(Convolution.largestDegree), got \(coupling.l1) and \(coupling.l3)")
        }
    }
}
