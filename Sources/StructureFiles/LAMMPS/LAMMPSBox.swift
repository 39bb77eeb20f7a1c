import Atoms

/// LAMMPS' box: where it begins, and its vectors (its page on triclinic boxes).
struct LAMMPSBox {
    var origin: SIMD3<Double>
    var vectors: Matrix3

    /// From bounds and tilt factors.
    init(low: SIMD3<Double>, high: SIMD3<Double>, xy: Double = 0, xz: Double = 0, yz: Double = 0) {
        origin = low
        vectors = Matrix3(SIMD3(high.x - low.x, 0, 0), SIMD3(xy, high.y - low.y, 0), SIMD3(xz, yz, high.z - low.z))
    }

    /// From the bounds that dumps have: those of an upright box around the tilted one.
    init(boundsLow: SIMD3<Double>, boundsHigh: SIMD3<Double>, xy: Double, xz: Double, yz: Double) {
        let low = SIMD3(boundsLow.x - min(0, min(xy, min(xz, xy + xz))), boundsLow.y - min(0, yz), boundsLow.z)
        let high = SIMD3(boundsHigh.x - max(0, max(xy, max(xz, xy + xz))), boundsHigh.y - max(0, yz), boundsHigh.z)
        self.init(low: low, high: high, xy: xy, xz: xz, yz: yz)
    }

    /// From three vectors in general position.
    init(origin: SIMD3<Double>, vectors: Matrix3) { (self.origin, self.vectors) = (origin, vectors) }

    mutating func scale(by factor: Double) {
        origin *= factor
        vectors = vectors * factor
    }
}

/// The element of an atomic mass.
enum ElementOfMass {
    /// The one whose standard weight lies within a tenth of an amu; nil where none does, or more than one.
    static func element(_ mass: Double) -> Element? {
        let near = (1...Element.count).compactMap { Element(atomicNumber: $0) }.filter { abs($0.mass - mass) <= 0.1 }
        return near.count == 1 ? near[0] : nil
    }
}
