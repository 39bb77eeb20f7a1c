import Programs

/// A named array of weights, in the shape and order in which NequIP stores it, and its place in a program's input.
///
/// A program pads channels and arranges matrices for its kernels; `places` says where each stored number goes.
/// All other positions of the input stay zero.
public struct Parameter: Sendable {
    /// NequIP's name without the prefix `model.func.`
    public let name: String
    public let shape: [Int]
    public let distribution: Distribution
    public let isTrainable: Bool
    /// `[stored number]` — its position in the program's input.
    let places: [Int32]
    /// Whether numbers lie in the input as they are stored.
    let isContiguous: Bool

    public enum Distribution: Sendable, Equatable {
        case normal
        /// Between −√3 and √3, which has variance 1 too.
        case uniform
        case given([Double])
    }

    public var count: Int { places.count }

    init(_ name: String, shape: [Int], _ distribution: Distribution, isTrainable: Bool = true, places: [Int]) {
        precondition(shape.reduce(1, *) == places.count, "\(name): shape \(shape) has not \(places.count) elements")
        self.name = name
        self.shape = shape
        self.distribution = distribution
        self.isTrainable = isTrainable
        self.places = places.map(Int32.init)
        isContiguous = places.enumerated().allSatisfy { $0 == $1 }
    }
}

/// Collects the matrices of a layer in the order in which they are stored.
struct ParameterPlaces {
    private(set) var places: [Int] = []

    /// A matrix `[rows][columns]` stored row by row; `place` gives the position of an element in the input.
    mutating func add(rows: Int, columns: Int, place: (Int, Int) -> Int) {
        for row in 0..<rows { for column in 0..<columns { places.append(place(row, column)) } }
    }
}
