import CApus
import Equivariance
import Foundation

/// A product that C programs hold, with what it answers as C strings that live as long.
final class HeldProduct: Sendable {
    let product: TensorProduct
    nonisolated(unsafe) let left, right, output: UnsafeMutablePointer<CChar>

    init(_ product: TensorProduct) {
        self.product = product
        left = strdup(product.left.description)
        right = strdup(product.right.description)
        output = strdup(product.output.description)
    }

    deinit { for text in [left, right, output] { free(text) } }
}

private func named<Choice: RawRepresentable & CaseIterable>(
    _ name: UnsafePointer<CChar>?, _ what: String, default choice: Choice
) throws -> Choice where Choice.RawValue == String {
    guard let name else { return choice }
    let text = String(cString: name)
    guard let found = Choice(rawValue: text) else {
        let names = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        throw Failure.argument("expected one of \(names) as \(what), found '\(text)'")
    }
    return found
}

private func variances(_ values: UnsafePointer<Double>?, _ count: Int) throws -> [Double]? {
    guard let values else { return nil }
    let found = Array(UnsafeBufferPointer(start: values, count: count))
    guard found.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
        throw Failure.argument("expected variances of at least 0, found \(found)")
    }
    return found
}

private func product(_ given: apus_product_description) throws -> TensorProduct {
    let kind = String(cString: try given.kind.orFailure("the kind of the product"))
    let left = try Irreps(named: given.left, "the irreps of the left")
    let normalization: TensorProduct.IrrepNormalization = try named(
        given.irrep_normalization, "the normalisation of irreps", default: .component)
    let paths: TensorProduct.PathNormalization = try named(
        given.path_normalization, "the normalisation of paths", default: .element)
    let wanted = try Irreps.set(named: given.keep, "the irreps to keep")
    func right() throws -> Irreps { try Irreps(named: given.right, "the irreps of the right") }
    func output() throws -> Irreps { try Irreps(named: given.output, "the irreps of the output") }
    /// What is asked for must not ask for the memory of the machine.
    func check(_ left: Irreps, _ right: Irreps) throws {
        let pairs = left.channelCount.multipliedReportingOverflow(by: right.channelCount)
        guard !pairs.overflow, pairs.partialValue <= 1 << 24 else {
            throw Failure.argument(
                "expected at most 2²⁴ pairs of channels, found \(left.channelCount) × \(right.channelCount)")
        }
        guard (left.lMax ?? 0) + (right.lMax ?? 0) <= 30 else {
            throw Failure.argument("expected a sum of degrees of at most 30, found \(left) and \(right)")
        }
    }
    switch kind {
    case "fully_connected":
        let right = try right()
        try check(left, right)
        return .fullyConnected(
            left, right, to: try output(), irrepNormalization: normalization, pathNormalization: paths)
    case "full":
        let right = try right()
        try check(left, right)
        return .full(left, right, keeping: wanted, irrepNormalization: normalization)
    case "elementwise":
        let right = try right()
        guard left.channelCount == right.channelCount else {
            throw Failure.argument(
                "expected equally many channels, found \(left.channelCount) and \(right.channelCount)")
        }
        guard (left.lMax ?? 0) + (right.lMax ?? 0) <= 30 else {
            throw Failure.argument("expected a sum of degrees of at most 30, found \(left) and \(right)")
        }
        return .elementwise(left, right, keeping: wanted, irrepNormalization: normalization)
    case "linear":
        try check(left, "0e")
        return .linear(left, to: try output(), pathNormalization: paths)
    case "square":
        try check(left, left)
        return given.output == nil
            ? .square(left, keeping: wanted, irrepNormalization: normalization)
            : .square(left, to: try output(), irrepNormalization: normalization)
    case "instructions":
        let (right, output) = (try right(), try output())
        let count = Int(given.instruction_count)
        let blocks = UnsafeBufferPointer(
            start: count == 0 ? nil : try given.blocks.orFailure("blocks of instructions"), count: 3 * count)
        let modes = UnsafeBufferPointer(
            start: count == 0 ? nil : try given.modes.orFailure("modes of instructions"), count: count)
        let instructions = try (0..<count).map { index in
            let instruction = TensorProduct.Instruction(
                Int(blocks[3 * index]), Int(blocks[3 * index + 1]), to: Int(blocks[3 * index + 2]),
                try named(modes[index], "a mode", default: TensorProduct.Mode.uvw),
                weights: given.has_weights.map { $0[index] != 0 } ?? true, share: given.shares.map { $0[index] } ?? 1)
            if let problem = TensorProduct.problem(with: instruction, left, right, output) {
                throw Failure.argument("instruction \(index + 1): \(problem)")
            }
            return instruction
        }
        return TensorProduct(
            left, right, to: output, instructions, irrepNormalization: normalization, pathNormalization: paths,
            leftVariances: try variances(given.left_variances, left.count),
            rightVariances: try variances(given.right_variances, right.count),
            outputVariances: try variances(given.output_variances, output.count))
    default:
        throw Failure.argument(
            "expected instructions, fully_connected, full, elementwise, square or linear as the kind of the product, found '\(kind)'"
        )
    }
}

@_cdecl("apus_product_create")
public func apusProductCreate(
    _ description: UnsafePointer<apus_product_description>?, _ place: UnsafeMutablePointer<OpaquePointer?>?
) -> apus_status {
    reporting {
        let place = try place.orFailure("a place for the product")
        place.pointee = nil
        place.pointee = Handle.make(HeldProduct(try product(try description.orFailure("a description").pointee)))
    }
}

@_cdecl("apus_product_free")
public func apusProductFree(_ product: OpaquePointer?) { Handle.release(product) }

@_cdecl("apus_product_irreps")
public func apusProductIrreps(_ product: OpaquePointer?, _ which: CInt) -> UnsafePointer<CChar>? {
    guard let product else { return nil }
    let held = Handle.object(product, as: HeldProduct.self)
    return switch which {
    case 0: UnsafePointer(held.left)
    case 1: UnsafePointer(held.right)
    case 2: UnsafePointer(held.output)
    default: nil
    }
}

@_cdecl("apus_product_weights")
public func apusProductWeights(_ product: OpaquePointer?) -> Int64 {
    product.map { Int64(Handle.object($0, as: HeldProduct.self).product.weightCount) } ?? -1
}

@_cdecl("apus_product_path_at")
public func apusProductPathAt(
    _ product: OpaquePointer?, _ index: CInt, _ place: UnsafeMutablePointer<apus_product_path>?
) -> apus_status {
    reporting {
        let paths = Handle.object(try product.orFailure("a product"), as: HeldProduct.self).product.paths
        let place = try place.orFailure("a place for the path")
        guard paths.indices.contains(Int(index)) else {
            throw Failure.argument("expected a path below \(paths.count), found \(index)")
        }
        let path = paths[Int(index)]
        let shape = path.weightShape.map(CInt.init) + [0, 0, 0]
        place.pointee = apus_product_path(
            blocks: (CInt(path.instruction.left), CInt(path.instruction.right), CInt(path.instruction.output)),
            mode: modeNames[path.instruction.mode], coefficient: path.coefficient,
            first_weight: Int64(path.firstWeight), weight_dimensions: CInt(path.weightShape.count),
            weight_shape: (shape[0], shape[1], shape[2]))
    }
}

/// As C strings that live as long as the program.
private nonisolated(unsafe) let modeNames = Dictionary(
    uniqueKeysWithValues: TensorProduct.Mode.allCases.map { ($0, UnsafePointer(strdup($0.rawValue)!)) })

/// Copies a host's numbers; none of a width of 0.
private func numbers(_ place: UnsafePointer<Double>?, _ count: Int, _ what: String) throws -> [Double] {
    count == 0 ? [] : Array(UnsafeBufferPointer(start: try place.orFailure(what), count: count))
}

@_cdecl("apus_product_values")
public func apusProductValues(
    _ product: OpaquePointer?, _ rows: Int64, _ left: UnsafePointer<Double>?, _ right: UnsafePointer<Double>?,
    _ weights: UnsafePointer<Double>?, _ weightRows: Int64, _ output: UnsafeMutablePointer<Double>?
) -> apus_status {
    reporting {
        let (product, inputs) = try inputs(product, rows, left, right, weights, weightRows)
        let found = product(inputs.left, inputs.right, weights: inputs.weights)
        try output.orFailure("a place for the output").update(from: found, count: found.count)
    }
}

@_cdecl("apus_product_gradients")
public func apusProductGradients(
    _ product: OpaquePointer?, _ rows: Int64, _ left: UnsafePointer<Double>?, _ right: UnsafePointer<Double>?,
    _ weights: UnsafePointer<Double>?, _ weightRows: Int64, _ cotangent: UnsafePointer<Double>?,
    _ byLeft: UnsafeMutablePointer<Double>?, _ byRight: UnsafeMutablePointer<Double>?,
    _ byWeights: UnsafeMutablePointer<Double>?
) -> apus_status {
    reporting {
        let (product, inputs) = try inputs(product, rows, left, right, weights, weightRows)
        let cotangent = try numbers(cotangent, Int(rows) * product.output.dimension, "the cotangent")
        let found = product.gradients(inputs, cotangent: cotangent)
        byLeft?.update(from: found.left, count: found.left.count)
        byRight?.update(from: found.right, count: found.right.count)
        byWeights?.update(from: found.weights, count: found.weights.count)
    }
}

private func inputs(
    _ product: OpaquePointer?, _ rows: Int64, _ left: UnsafePointer<Double>?, _ right: UnsafePointer<Double>?,
    _ weights: UnsafePointer<Double>?, _ weightRows: Int64
) throws -> (TensorProduct, TensorProduct.Inputs) {
    let product = Handle.object(try product.orFailure("a product"), as: HeldProduct.self).product
    guard rows >= 0, weightRows == 1 || weightRows == rows else {
        throw Failure.argument("expected weights for all rows or for each of \(rows), found \(weightRows)")
    }
    let count = Int(rows)
    return (
        product,
        TensorProduct.Inputs(
            left: try numbers(left, count * product.left.dimension, "the left"),
            right: try numbers(right, count * product.right.dimension, "the right"),
            weights: try numbers(weights, Int(weightRows) * product.weightCount, "weights"))
    )
}
