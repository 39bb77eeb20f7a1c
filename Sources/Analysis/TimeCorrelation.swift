import Atoms
import Compute
import Foundation

/// Averages over origins of what has become of vectors after a time, by element: mean square displacements ⟨|r(t₀ + t)
/// − r(t₀)|²⟩ or autocorrelations ⟨v(t₀ + t) · v(t₀)⟩. Frames come one after the other; only vectors at origins that
/// are still needed are kept. Origins belong to blocks in their order, whose scatter gives errors.
public struct TimeCorrelation: Sendable {
    public enum Kind: Sendable { case squareDisplacement, autocorrelation }

    public let kind: Kind
    /// The longest lag, in frames.
    public let length: Int
    /// Frames between origins.
    public let stride: Int
    public let elements: [Element]
    public static let blocks = 5
    private let groupOfAtom: [Int]
    private let groups: [Element]
    private let sizes: [Double]
    private let framesPerBlock: Int
    private var frame = 0
    private var origins: [(frame: Int, vectors: [SIMD3<Double>])] = []
    /// `[block][group][lag]`
    private var sums: [[[Double]]]
    /// `[block][lag]`
    private var counts: [[Double]]

    /// - Parameters:
    ///   - frames: how many will come at most.
    ///   - origins: kept at a time at most.
    public init(_ kind: Kind, of elements: [Element], frames: Int, length: Int, origins: Int = 60) {
        precondition(length >= 0 && frames >= 1, "expected frames and lags, got \(frames) and \(length)")
        self.kind = kind
        self.length = length
        self.elements = elements
        stride = max(1, (length + origins) / origins)
        groups = Set(elements).sorted()
        groupOfAtom = elements.map { element in Set(elements).sorted().firstIndex(of: element)! }
        sizes = groups.map { group in Double(elements.count { $0 == group }) }
        // Origins early enough to see all lags.
        framesPerBlock = max(1, (frames - length + Self.blocks - 1) / Self.blocks)
        sums = Array(
            repeating: Array(repeating: Array(repeating: 0, count: length + 1), count: groups.count),
            count: Self.blocks)
        counts = Array(repeating: Array(repeating: 0, count: length + 1), count: Self.blocks)
    }

    public mutating func add(_ vectors: [SIMD3<Double>]) {
        precondition(vectors.count == elements.count, "expected \(elements.count) vectors, got \(vectors.count)")
        if frame % stride == 0 { origins.append((frame, vectors)) }
        origins.removeAll { frame - $0.frame > length }
        var totals = [Double](repeating: 0, count: groups.count)
        for origin in origins {
            let lag = frame - origin.frame
            for g in totals.indices { totals[g] = 0 }
            for i in vectors.indices {
                switch kind {
                case .squareDisplacement:
                    let d = vectors[i] - origin.vectors[i]
                    totals[groupOfAtom[i]] += dot(d, d)
                case .autocorrelation: totals[groupOfAtom[i]] += dot(vectors[i], origin.vectors[i])
                }
            }
            let block = min(Self.blocks - 1, origin.frame / framesPerBlock)
            counts[block][lag] += 1
            for g in totals.indices { sums[block][g][lag] += totals[g] }
        }
        frame += 1
    }

    /// The elements that have a function, ascending.
    public var kinds: [Element] { groups }

    /// `[lag]`, per atom of the element; nil where no origin has seen that lag.
    public func mean(_ element: Element) -> [Double?] { mean(element, of: Array(0..<Self.blocks)) }

    /// Of the origins of one block.
    public func mean(_ element: Element, block: Int) -> [Double?] { mean(element, of: [block]) }

    private func mean(_ element: Element, of blocks: [Int]) -> [Double?] {
        guard let g = groups.firstIndex(of: element) else { return [] }
        return (0...length).map { lag in
            let count = blocks.reduce(0) { $0 + counts[$1][lag] }
            return count > 0 ? blocks.reduce(0) { $0 + sums[$1][g][lag] } / (count * sizes[g]) : nil
        }
    }
}

/// A diffusion coefficient from the slope of a mean square displacement, D = slope / 6, with the standard error of the
/// means of blocks of origins.
public struct Diffusion: Sendable, Equatable {
    /// Å²/fs
    public var coefficient: Double
    public var error: Double?
    /// Lags that the line is fitted to, fs.
    public var from, to: Double

    /// - Parameter interval: between frames, fs.
    public init?(
        _ displacements: TimeCorrelation, of element: Element, interval: Double,
        range: ClosedRange<Double> = 0.2...0.8
    ) {
        let first = max(1, Int((range.lowerBound * Double(displacements.length)).rounded(.up)))
        let last = Int((range.upperBound * Double(displacements.length)).rounded(.down))
        guard last - first >= 2 else { return nil }
        func slope(_ values: [Double?]) -> Double? {
            let points = (first...last).compactMap { lag in values[lag].map { (Double(lag) * interval, $0) } }
            guard points.count == last - first + 1 else { return nil }
            let n = Double(points.count)
            let (x, y) = (points.reduce(0) { $0 + $1.0 } / n, points.reduce(0) { $0 + $1.1 } / n)
            return points.reduce(0) { $0 + ($1.0 - x) * ($1.1 - y) }
                / points.reduce(0) { $0 + ($1.0 - x) * ($1.0 - x) }
        }
        guard let all = slope(displacements.mean(element)) else { return nil }
        coefficient = all / 6
        let slopes = (0..<TimeCorrelation.blocks).compactMap { slope(displacements.mean(element, block: $0)) }
        if slopes.count >= 3 {
            let n = Double(slopes.count)
            let mean = slopes.reduce(0, +) / n
            error = (slopes.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (n * (n - 1))).squareRoot() / 6
        }
        (from, to) = (Double(first) * interval, Double(last) * interval)
    }
}

/// The vibrational density of states: the cosine transform of the velocities' autocorrelation, normalised to 3 for each
/// atom, with a Hann window.
public enum VibrationalDensity {
    /// - Parameters:
    ///   - correlation: `[lag]`.
    ///   - interval: between lags, fs.
    /// - Returns: frequencies in THz up to Nyquist's, and states per THz and atom.
    public static func states(_ correlation: [Double], interval: Double, points: Int = 600) -> [(
        frequency: Double, density: Double
    )] {
        guard correlation.count > 2, correlation[0] > 0 else { return [] }
        let n = correlation.count
        let highest = 500 / interval
        return (0..<points).map { k in
            let frequency = highest * Double(k) / Double(points - 1)
            var sum = 0.5 * correlation[0]
            for lag in 1..<n {
                let window = 0.5 * (1 + cos(.pi * Double(lag) / Double(n)))
                sum += correlation[lag] * window * cos(2e-3 * .pi * frequency * Double(lag) * interval)
            }
            // ∫₀^∞ 4 Σ C(t) cos(2πft) dt df = C(0), times 3; dt in ps.
            return (frequency, 3 * 4 * sum / correlation[0] * interval * 1e-3)
        }
    }
}
