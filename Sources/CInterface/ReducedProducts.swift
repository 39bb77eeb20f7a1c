import CApus
import Equivariance
import Foundation

/// A basis of tensors with an index symmetry that C programs hold.
final class HeldReducedProduct: Sendable {
    let product: ReducedProduct
    nonisolated(unsafe) let irreps: UnsafeMutablePointer<CChar>
    nonisolated(unsafe) let inputs: [UnsafeMutablePointer<CChar>]

    init(_ product: ReducedProduct) {
        self.product = product
        irreps = strdup(product.irreps.description)
        inputs = product.inputs.map { strdup($0.description) }
    }

    deinit { for text in inputs + [irreps] { free(text) } }
}

@_cdecl("apus_reduced_product_create")
public func apusReducedProductCreate(
    _ formula: UnsafePointer<CChar>?, _ count: CInt, _ indices: UnsafePointer<CChar>?,
    _ irreps: UnsafePointer<UnsafePointer<CChar>?>?, _ keep: UnsafePointer<CChar>?,
    _ through: UnsafePointer<CChar>?, _ place: UnsafeMutablePointer<OpaquePointer?>?
) -> apus_status {
    reporting {
        let place = try place.orFailure("a place for the product")
        place.pointee = nil
        let formula = String(cString: try formula.orFailure("a formula"))
        let letters = Array(String(cString: try indices.orFailure("letters of the indices")))
        guard letters.count == Int(count), Set(letters).count == letters.count else {
            throw Failure.argument("expected \(count) different letters of indices, found '\(String(letters))'")
        }
        let texts = try irreps.orFailure("irreps of the indices")
        let given = try letters.indices.map { (letters[$0], try Irreps(named: texts[$0], "irreps of an index")) }
        guard given.reduce(0, { $0 + ($1.1.lMax ?? 0) }) <= 30 else {
            throw Failure.argument("expected irreps with a sum of degrees of at most 30")
        }
        do {
            let product = try ReducedProduct(
                formula, Dictionary(uniqueKeysWithValues: given),
                keeping: try Irreps.set(named: keep, "the irreps to keep"),
                through: try Irreps.set(named: through, "the irreps between"))
            place.pointee = Handle.make(HeldReducedProduct(product))
        } catch let error as IndexSymmetryError {
            throw Failure.argument(error.description)
        }
    }
}

@_cdecl("apus_reduced_product_free")
public func apusReducedProductFree(_ product: OpaquePointer?) { Handle.release(product) }

@_cdecl("apus_reduced_product_irreps")
public func apusReducedProductIrreps(_ product: OpaquePointer?, _ index: CInt) -> UnsafePointer<CChar>? {
    guard let product else { return nil }
    let held = Handle.object(product, as: HeldReducedProduct.self)
    if index < 0 { return UnsafePointer(held.irreps) }
    return held.inputs.indices.contains(Int(index)) ? UnsafePointer(held.inputs[Int(index)]) : nil
}

@_cdecl("apus_reduced_product_basis")
public func apusReducedProductBasis(
    _ product: OpaquePointer?, _ basis: UnsafeMutablePointer<Double>?
) -> apus_status {
    reporting {
        let rows = Handle.object(try product.orFailure("a product"), as: HeldReducedProduct.self).product.basis
        let basis = try basis.orFailure("a place for the basis")
        for (index, row) in rows.enumerated() { (basis + index * row.count).update(from: row, count: row.count) }
    }
}
