import Foundation

/// Random numbers without a state: Philox4x32-10, a bijection of 128-bit counters chosen by a 64-bit seed.
///
/// A number is a function of (seed, counter) alone. When the counter says what the number is for, such as the step
/// and the atom, then the noise of a simulation depends neither on threads nor on where the run was restarted.
/// Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
public struct Philox: Sendable, Equatable {
    public let seed: UInt64

    public init(seed: UInt64) { self.seed = seed }

    /// 128 random bits for a counter.
    @inlinable
    public func bits(at counter: SIMD4<UInt32>) -> SIMD4<UInt32> {
        var c = counter
        var key = SIMD2<UInt32>(truncatingIfNeeded: SIMD2<UInt64>(seed, seed >> 32))
        for _ in 0..<10 {
            // The multipliers and the Weyl increments (golden ratio, √3 − 1) of the paper, table 2 and section 4.
            let even = UInt64(c.x) &* 0xD251_1F53
            let odd = UInt64(c.z) &* 0xCD9E_8D57
            c = SIMD4(
                UInt32(truncatingIfNeeded: odd >> 32) ^ c.y ^ key.x, UInt32(truncatingIfNeeded: odd),
                UInt32(truncatingIfNeeded: even >> 32) ^ c.w ^ key.y, UInt32(truncatingIfNeeded: even))
            key = key &+ SIMD2(0x9E37_79B9, 0xBB67_AE85)
        }
        return c
    }

    /// Four independent uniform numbers in (0, 1), never 0 or 1, with mean ½ exactly.
    @inlinable
    public func uniforms(at counter: SIMD4<UInt32>) -> SIMD4<Double> {
        (SIMD4<Double>(bits(at: counter)) + 0.5) * 0x1p-32
    }

    /// Four independent standard normal numbers. With 32 bits each they end at ±6.76, which is rarer than 10⁻¹⁰.
    /// Box and Muller, Ann. Math. Stat. 29, 610 (1958).
    @inlinable
    public func normals(at counter: SIMD4<UInt32>) -> SIMD4<Double> {
        let u = uniforms(at: counter)
        let radius = (SIMD2(log(u.x), log(u.z)) * -2).squareRoot()
        let angle = SIMD2(u.y, u.w) * (2 * Double.pi)
        return SIMD4(
            radius.x * cos(angle.x), radius.x * sin(angle.x), radius.y * cos(angle.y), radius.y * sin(angle.y))
    }

    /// The counter of item `index` (an atom, say) at `step` within a `stream`, one for each purpose.
    @inlinable
    public static func counter(step: Int, index: Int, stream: UInt32) -> SIMD4<UInt32> {
        let step = UInt64(bitPattern: Int64(step))
        return SIMD4(
            UInt32(truncatingIfNeeded: step), UInt32(truncatingIfNeeded: step >> 32),
            UInt32(truncatingIfNeeded: index), stream)
    }
}
