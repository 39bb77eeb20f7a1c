import Atoms
import Foundation

/// `[atomic number − 1]`, for as long as the program lives.
private nonisolated(unsafe) let symbols: [UnsafePointer<CChar>] = {
    var symbols: [UnsafePointer<CChar>] = []
    while let element = Element(atomicNumber: symbols.count + 1) {
        symbols.append(UnsafePointer(strdup(element.symbol)!))
    }
    return symbols
}()

@_cdecl("apus_element_symbol")
public func apusElementSymbol(_ element: CInt) -> UnsafePointer<CChar>? {
    Element(atomicNumber: Int(element)).map { symbols[$0.atomicNumber - 1] }
}

@_cdecl("apus_element_number")
public func apusElementNumber(_ symbol: UnsafePointer<CChar>?) -> CInt {
    symbol.flatMap { Element(String(cString: $0)) }.map { CInt($0.atomicNumber) } ?? 0
}

@_cdecl("apus_element_mass")
public func apusElementMass(_ element: CInt) -> Double { Element(atomicNumber: Int(element))?.mass ?? 0 }
