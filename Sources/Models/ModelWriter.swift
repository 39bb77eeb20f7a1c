import Layers
import Programs

/// What an architecture writes a model with: the builder of the program, and the parameters that it declares.
public struct ModelWriter {
    public var builder = ProgramBuilder()
    /// Elements that the model tells apart.
    public let types: Int
    /// Parameters' values by name.
    private(set) var inputs: [String: Program.Value] = [:]
    /// What names of parameters begin with: that of a member, in a committee.
    var prefix = ""
    /// All parameters in the order of the model.
    private(set) var declared: [Parameter] = []

    init(types: Int) { self.types = types }

    /// The vectors from atoms to their neighbours with what they depend on, `[edge][3]` in Å.
    public mutating func edgeVectors() -> (positions: Program.Value, strain: Program.Value, vectors: Program.Value) {
        let positions = builder.input("positions", .sources, .plain(3))
        let strain = builder.input("strain", .structures, .plain(9))
        return (positions, strain, builder.edgeVectors(positions: positions, strain: strain))
    }

    /// `F = −dE/dx` of atoms and ghosts, `W = −dE/dε`, and `dE/dr` of every edge vector for the energies' cotangent.
    mutating func forcesAndVirial(
        of energies: Program.Value, cotangent: Program.Value
    ) -> (forces: Program.Value, virial: Program.Value, edgeGradient: Program.Value) {
        let (positions, strain, vectors) = edgeVectors()
        let gradients = builder.gradients(of: [(energies, cotangent)], to: [positions, strain, vectors])
        return (builder.scaled(gradients[0]!, by: -1), builder.scaled(gradients[1]!, by: -1), gradients[2]!)
    }

    mutating func input(_ name: String, _ axis: Axis, _ layout: Layout) -> Program.Value {
        let value = builder.input(name, axis, layout)
        inputs[name] = value
        return value
    }

    /// A parameter as a value; it is remembered in the order of declaration.
    public mutating func declare(
        _ name: String, _ axis: Axis, _ layout: Layout, shape: [Int], _ distribution: Parameter.Distribution,
        isTrainable: Bool = true, _ places: ParameterPlaces
    ) -> Program.Value {
        declared.append(Parameter(name, shape: shape, distribution, isTrainable: isTrainable, places))
        return input(prefix + name, axis, layout)
    }
}
