/// e3nn's real Wigner 3j symbol C: the one tensor that three irreps of degrees l₁, l₂, l₃ leave unchanged under every
/// rotation, C = C · D^l₁ ⊗ D^l₂ ⊗ D^l₃, with Σ C² = 1.
///
/// The Clebsch-Gordan coefficient of the complex basis, carried to the real one by Q (see `ComplexComponent`) with a
/// phase (−i)^l per degree, which makes it real and fixes its sign; e3nn, `o3/_wigner.py`. The coefficient is a sum of
/// products of three binomials (Varshalovich, Quantum Theory of Angular Momentum, 8.2.1), added up in integers, so
/// nothing cancels up to l₁ + l₂ + l₃ = 60. A value takes up to a millisecond (l = 6); keep it rather than make it
/// again.
public struct Wigner3j: Sendable {
    public struct Entry: Sendable, Equatable {
        /// Components, counted from 0.
        public let m1, m2, m3: Int
        public let value: Double
    }

    public let l1, l2, l3: Int
    /// `[m1][m2][m3]`, row by row.
    public let values: [Double]
    /// What is not zero, in the order of `values`.
    public let entries: [Entry]

    /// The degrees must obey |l₁ − l₂| ≤ l₃ ≤ l₁ + l₂ and have a sum of at most 60.
    public init(_ l1: Int, _ l2: Int, _ l3: Int) {
        precondition(
            min(l1, l2, l3) >= 0 && l3 >= abs(l1 - l2) && l3 <= l1 + l2 && l1 + l2 + l3 <= 60,
            "expected degrees with |l1 − l2| ≤ l3 ≤ l1 + l2 and a sum of at most 60, got \(l1), \(l2), \(l3)")
        (self.l1, self.l2, self.l3) = (l1, l2, l3)

        let coupling = ClebschGordan(l1, l2, l3)
        var entries: [Entry] = []
        for m1 in -l1...l1 {
            for m2 in -l2...l2 {
                for m3 in -l3...l3 {
                    let value = coupling.real(m1, m2, m3)
                    if value != 0 { entries.append(Entry(m1: m1 + l1, m2: m2 + l2, m3: m3 + l3, value: value)) }
                }
            }
        }
        let norm = entries.reduce(0) { $0 + $1.value * $1.value }.squareRoot()
        self.entries = entries.map { Entry(m1: $0.m1, m2: $0.m2, m3: $0.m3, value: $0.value / norm) }
        var values = Array(repeating: 0.0, count: (2 * l1 + 1) * (2 * l2 + 1) * (2 * l3 + 1))
        for entry in self.entries {
            values[(entry.m1 * (2 * l2 + 1) + entry.m2) * (2 * l3 + 1) + entry.m3] = entry.value
        }
        self.values = values
    }

    /// The element of components counted from 0.
    public subscript(m1: Int, m2: Int, m3: Int) -> Double { values[(m1 * (2 * l2 + 1) + m2) * (2 * l3 + 1) + m3] }
}

/// Clebsch-Gordan coefficients of one triple of degrees, up to a factor that all of them share.
private struct ClebschGordan {
    let l1, l2, l3: Int
    /// `[n]` n!
    let factorials: [Double]
    /// `[n][k]`
    let binomials: [[Int]]

    init(_ l1: Int, _ l2: Int, _ l3: Int) {
        (self.l1, self.l2, self.l3) = (l1, l2, l3)
        factorials = (1...2 * max(l1, l2, l3) + 1).reduce(into: [1]) { $0.append($0.last! * Double($1)) }
        binomials = (0..<2 * min(l1 + l2, 30)).reduce(into: [[1]]) { rows, _ in
            let last = rows.last!
            rows.append([1] + zip(last, last.dropFirst()).map(+) + [1])
        }
    }

    /// √((l₁+m₁)! (l₁−m₁)! … (l₃−m₃)!) Σ_k (−1)^k C(l₁+l₂−l₃, k) C(l₁−l₂+l₃, l₁−m₁−k) C(l₂+l₃−l₁, l₂+m₂−k),
    /// with m₃ = m₁ + m₂.
    func complex(_ m1: Int, _ m2: Int) -> Double {
        let sum = (0...l1 + l2 - l3).reduce(0) { sum, k in
            let product =
                binomial(l1 + l2 - l3, k) * binomial(l1 - l2 + l3, l1 - m1 - k) * binomial(l2 + l3 - l1, l2 + m2 - k)
            return k.isMultiple(of: 2) ? sum + product : sum - product
        }
        let m3 = m1 + m2
        return Double(sum) * (weight(l1, m1) * weight(l2, m2) * weight(l3, m3)).squareRoot()
    }

    /// The coefficient of real components m₁, m₂, m₃: Σ Q¹ Q² conj(Q³) over the at most 2 × 2 complex components
    /// (n₁, n₂, n₁ + n₂) with |nᵢ| = |mᵢ|.
    func real(_ m1: Int, _ m2: Int, _ m3: Int) -> Double {
        var total = 0.0
        for n1 in Set([m1, -m1]).sorted() {
            for n2 in Set([m2, -m2]).sorted() where abs(n1 + n2) == abs(m3) {
                let first = ComplexComponent(l1, n: n1, m: m1)
                let second = ComplexComponent(l2, n: n2, m: m2)
                let third = ComplexComponent(l3, n: n1 + n2, m: m3)
                let turns = first.quarterTurns + second.quarterTurns - third.quarterTurns
                // An odd number of quarter turns is imaginary; those parts cancel, which the tests check.
                guard turns.isMultiple(of: 2) else { continue }
                let sign = turns.isMultiple(of: 4) ? 1.0 : -1
                total += sign * first.length * second.length * third.length * complex(n1, n2)
            }
        }
        return total
    }

    private func weight(_ l: Int, _ m: Int) -> Double { factorials[l + m] * factorials[l - m] }

    private func binomial(_ n: Int, _ k: Int) -> Int { k >= 0 && k <= n ? binomials[n][k] : 0 }
}

/// The element Q[n, m] of the change from the real component m to the complex component n of degree l, |n| = |m|:
/// (−i)^l times 1 if m = 0; else 1/√2 (m > 0) or −i/√2 (m < 0) for n < 0; and (−1)^n times 1/√2 or i/√2 for n > 0.
private struct ComplexComponent {
    let length: Double
    /// The phase is i to this power.
    let quarterTurns: Int

    init(_ l: Int, n: Int, m: Int) {
        length = m == 0 ? 1 : 0.5.squareRoot()
        let turns =
            if m == 0 { 0 } else if n < 0 { m > 0 ? 0 : 3 } else { (m > 0 ? 0 : 1) + 2 * n }
        quarterTurns = turns + 3 * l
    }
}
