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
    /// The matrices that it consists of; together they are all numbers, each once.
    public let matrices: [Matrix]
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

    /// A linear map or, with one row, a vector among stored numbers, row by row.
    public struct Matrix: Sendable, Equatable {
        public var offset, rows, columns: Int
        /// From one row to the next.
        public var stride: Int

        public init(offset: Int, rows: Int, columns: Int, stride: Int) {
            (self.offset, self.rows, self.columns, self.stride) = (offset, rows, columns, stride)
        }

        /// The same in a list in which the parameter begins at `start`.
        public func moved(by start: Int) -> Matrix {
            Matrix(offset: start + offset, rows: rows, columns: columns, stride: stride)
        }
    }

    public var count: Int { places.count }

    public init(
        _ name: String, shape: [Int], _ distribution: Distribution, isTrainable: Bool = true,
        _ arrangement: ParameterPlaces
    ) {
        let places = arrangement.places
        precondition(shape.reduce(1, *) == places.count, "\(name): shape \(shape) has not \(places.count) elements")
        matrices = arrangement.matrices
        self.name = name
        self.shape = shape
        self.distribution = distribution
        self.isTrainable = isTrainable
        self.places = places.map(Int32.init)
        isContiguous = places.enumerated().allSatisfy { $0 == $1 }
    }
}

/// Collects the matrices of a layer in the order in which they are stored.
public struct ParameterPlaces {
    public private(set) var places: [Int] = []
    public private(set) var matrices: [Parameter.Matrix] = []

    public init() {}

    /// A matrix `[rows][columns]` stored row by row; `place` gives the position of an element in the input.
    ///
    /// - Parameter parts: the numbers of columns of matrices that are stored side by side, if it is not one.
    public mutating func add(rows: Int, columns: Int, parts: [Int]? = nil, place: (Int, Int) -> Int) {
        var next = places.count
        for part in parts ?? [columns] {
            matrices.append(Parameter.Matrix(offset: next, rows: rows, columns: part, stride: columns))
            next += part
        }
        precondition(next == places.count + columns, "parts \(parts ?? []) are not \(columns) columns")
        for row in 0..<rows { for column in 0..<columns { places.append(place(row, column)) } }
    }
}
