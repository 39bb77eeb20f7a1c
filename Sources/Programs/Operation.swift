/// A primitive. Its derivative with respect to every operand that a force loss needs is made of primitives again
/// (`Derivative.swift`), so energies, forces and training gradients are all programs of these.
public enum Operation: Hashable, Sendable {
    /// A value that is given from outside, or positions and strains, which stand for the graph's geometry.
    case input(String)
    /// Numbers that are part of the program.
    case constant(Int)
    case fill(Double)

    /// Rows of a table, one for every row of the result: `out[i] = x[relation(i)]`.
    case gather(Relation)
    /// The transpose of `gather`: `out[k] = Σ_{i: relation(i) = k} x[i]`.
    case segmentSum(Relation)

    /// Rows of atoms, with rows of ghosts after them that whoever holds these atoms fills in.
    case fillGhosts
    /// The transpose of `fillGhosts`: rows of ghosts are added to those of the atoms they are copies of.
    case addGhosts

    /// The derivative of a form by the argument in a slot; by `output` it is the map itself. The operands are the two
    /// other arguments in the order input, cotangent of the output, weights.
    case linear(LinearMap, LinearMap.Slot)
    /// Likewise; the operands are the two other arguments in the order scalars, irreps, cotangent.
    case product(ProductMap, ProductMap.Slot)
    /// A sum of convolutions; where their operands stand is in `ConvolutionOperands`. One result for each slot.
    case convolution(Convolution, [Convolution.Slot], [ConvolutionOperands])

    /// Derivatives of one function per block at scalars, a result for each of the orders.
    case pointwise([Activation], orders: [Int])

    /// Some of the blocks of a row.
    case slice(Range<Int>)
    /// The transpose of `slice`: a full row that is zero elsewhere.
    case embed(Range<Int>)
    /// The blocks of all operands one after the other.
    case concatenated
    case sum
    case scaled(Double)

    /// Coefficients of the cubic spline through values at knots, or the transpose of that linear map.
    case splineCoefficients(SplineKnots, transposed: Bool)

    /// `r = (x_j + S·cell − x_i)(1 + ε)` of every edge; operands positions and strain, read from the graph.
    case edgeVectors
    /// A function of edge vectors: its value (operand r), its pullback (r, cotangent), its tangent (r, ṙ), or its
    /// curvature (r, cotangent, ṙ).
    case edgeFunction(EdgeFunction, EdgeFunction.Part)
    /// Spline values on edges: operands the distance, which stands for the graph's geometry, and what a tangent needs.
    case radialBasis(RadialBasis, RadialBasis.Part)
    /// `F_i = Σ_{e → i} g_e − Σ_{e ← i} g_e`: minus the pullback of `edgeVectors` to positions.
    case edgeForces
    /// The transpose of `edgeForces`: `g_e = f_receiver − f_source`.
    case edgeDifference
    /// `W = −Σ_e r_e ⊗ g_e` of every structure (r, g): minus the pullback of `edgeVectors` to strain.
    case edgeVirial
    /// The share of every atom and ghost in the virial (r, g).
    case atomicVirials
    /// The transpose of `edgeVirial` in g: `g_e = −r_e · w` (r, w).
    case edgeStrain
}

extension Operation {
    /// How many operands, the first ones, the graph stands for: positions, strain, edge vectors and distances.
    var geometryOperands: Int {
        switch self {
        case .edgeVectors: 2
        case .edgeFunction, .radialBasis, .edgeVirial, .atomicVirials, .edgeStrain: 1
        default: 0
        }
    }

    /// Whether the graph holds the result, so that it is written only for those that read it from memory.
    var isGeometry: Bool {
        switch self {
        case .edgeVectors, .edgeFunction(.distance, .value): true
        default: false
        }
    }

    /// Whether the value comes from outside the program's own computing.
    public var isGiven: Bool {
        switch self {
        case .input, .constant, .fill: true
        default: false
        }
    }
}

extension Program.Instruction {
    /// The operands that are read from memory.
    var storedOperands: ArraySlice<Program.Value> { operands.dropFirst(operation.geometryOperands) }
}

/// Which row of a table a row reads.
public enum Relation: Hashable, Sendable {
    case speciesOfAtom
    /// Of atoms and ghosts.
    case speciesOfSource
    case structureOfAtom

    public var rows: Axis {
        switch self {
        case .speciesOfAtom, .structureOfAtom: .atoms
        case .speciesOfSource: .sources
        }
    }
}
