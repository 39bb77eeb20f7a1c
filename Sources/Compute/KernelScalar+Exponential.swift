// eˣ = 2ⁿ eʳ with n = round(x / ln 2) and |r| ≤ ln 2 / 2, where eʳ is its Taylor series: the first term left out is
// below half a unit in the last place (0.347⁸/8! = 5e-9 for Float, 0.347¹⁴/14! = 4e-18 for Double).
// Adding 1.5·2²³ (2⁵²) rounds to an integer, which then stands in the low bits.

extension Float {
    @inlinable @inline(__always)
    public static func exponential(_ x: Vector) -> Vector {
        let x = x.replacing(with: -87, where: x .< -87).replacing(with: 88, where: x .> 88)
        let magic = Vector(repeating: 12_582_912)
        let shifted = magic.addingProduct(x, Vector(repeating: 1.442_695_04))
        let n = shifted - magic
        // ln 2 in two parts, the first exact in 12 bits, so that n·ln 2 loses nothing.
        var r = x.addingProduct(n, Vector(repeating: -0.693_359_375))
        r = r.addingProduct(n, Vector(repeating: 2.121_944_4e-4))
        var p = Vector(repeating: 1 / 5040)
        let series: InlineArray<7, Float> = [1 / 720, 1 / 120, 1 / 24, 1 / 6, 0.5, 1, 1]
        for k in 0..<7 { p = Vector(repeating: series[k]).addingProduct(p, r) }
        let power = (unsafeBitCast(shifted, to: SIMD16<UInt32>.self) &<< 23) &+ SIMD16<UInt32>(repeating: 0x3F80_0000)
        return p * unsafeBitCast(power, to: Vector.self)
    }
}

extension Double {
    @inlinable @inline(__always)
    public static func exponential(_ x: Vector) -> Vector {
        let x = x.replacing(with: -708, where: x .< -708).replacing(with: 709, where: x .> 709)
        let magic = Vector(repeating: 6_755_399_441_055_744)
        let shifted = magic.addingProduct(x, Vector(repeating: 1.442_695_040_888_963_4))
        let n = shifted - magic
        var r = x.addingProduct(n, Vector(repeating: -0.693_147_180_369_123_8))
        r = r.addingProduct(n, Vector(repeating: -1.908_214_929_270_587_7e-10))
        var p = Vector(repeating: 1 / 6_227_020_800)
        let series: InlineArray<13, Double> = [
            1 / 479_001_600, 1 / 39_916_800, 1 / 3_628_800, 1 / 362_880, 1 / 40_320, 1 / 5040, 1 / 720, 1 / 120,
            1 / 24, 1 / 6, 0.5, 1, 1,
        ]
        for k in 0..<13 { p = Vector(repeating: series[k]).addingProduct(p, r) }
        let power =
            (unsafeBitCast(shifted, to: SIMD8<UInt64>.self) &<< 52) &+ SIMD8<UInt64>(repeating: 0x3FF0_0000_0000_0000)
        return p * unsafeBitCast(power, to: Vector.self)
    }
}
