/// The operands of one term of a sum of convolutions: positions in the instruction's operand list, by slot.
public struct ConvolutionOperands: Hashable, Sendable {
    public var basis: Int?
    /// What derivatives by the basis are taken along.
    public var slope: Int?
    public var table: Int?
    public var harmonics: Int?
    public var features: Int?
    public var output: Int?
    /// Whether `harmonics` is a change of Y rather than Y: that of degree 0, which is always 1, does not change.
    public var changesHarmonics = false
    /// The slot whose result this term adds nothing to: what stands there as an argument is a cotangent, which the
    /// form's derivative by that slot does not depend on.
    public var omitted: Convolution.Slot?

    public subscript(slot: Convolution.Slot) -> Int? {
        get {
            switch slot {
            case .basis: basis
            case .table: table
            case .harmonics: harmonics
            case .features: features
            case .output: output
            }
        }
        set {
            switch slot {
            case .basis: basis = newValue
            case .table: table = newValue
            case .harmonics: harmonics = newValue
            case .features: features = newValue
            case .output: output = newValue
            }
        }
    }
}
