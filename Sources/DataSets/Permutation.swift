import Compute

/// Orders drawn at random, as functions of a seed and a round.
public enum Permutation {
    /// 0..<count in random order (Fisher and Yates).
    public static func shuffled(_ count: Int, seed: UInt64, round: Int, stream: UInt32 = 2) -> [Int] {
        var order = Array(0..<count)
        let random = Philox(seed: seed)
        for k in stride(from: count - 1, to: 0, by: -1) {
            let u = random.uniforms(at: Philox.counter(step: round, index: k, stream: stream)).x
            order.swapAt(k, min(k, Int(u * Double(k + 1))))
        }
        return order
    }
}
