import Foundation

/// `error = a · n^(−β)`, fitted by least squares to logarithms: how errors fall with the number of training structures.
public struct PowerLaw: Sendable, Equatable {
    /// β: 0.5 halves errors with four times the data, 1 with twice.
    public let exponent: Double
    /// a
    public let prefactor: Double
    /// The standard error of β; `nil` for two points, through which every line goes.
    public let exponentError: Double?

    /// Of points with errors above 0; `nil` where fewer than two sizes are left.
    public init?(sizes: [Int], errors: [Double?]) {
        let points = zip(sizes, errors).compactMap { size, error -> (x: Double, y: Double)? in
            error.flatMap { $0 > 0 ? (log(Double(size)), log($0)) : nil }
        }
        let n = Double(points.count)
        let (x, y) = (points.reduce(0) { $0 + $1.x } / n, points.reduce(0) { $0 + $1.y } / n)
        let spread = points.reduce(0) { $0 + ($1.x - x) * ($1.x - x) }
        guard points.count >= 2, spread > 0 else { return nil }
        let slope = points.reduce(0) { $0 + ($1.x - x) * ($1.y - y) } / spread
        exponent = -slope
        prefactor = exp(y - slope * x)
        let rest = points.reduce(0) { $0 + pow($1.y - y - slope * ($1.x - x), 2) }
        exponentError = points.count > 2 ? (rest / (n - 2) / spread).squareRoot() : nil
    }

    public func callAsFunction(_ size: Int) -> Double { prefactor * pow(Double(size), -exponent) }
}
