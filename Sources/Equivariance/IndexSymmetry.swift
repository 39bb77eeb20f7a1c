/// What a tensor's indices may be exchanged for: "ij=ji" (symmetric), "ij=-ji" (antisymmetric),
/// "ijkl=jikl=ijlk=klij" (elastic constants).
///
/// The first word names the indices; each further one is an order of them that leaves the tensor unchanged, or with a
/// minus changes its sign. All that follows from them is added: `permutations` is a group.
public struct IndexSymmetry: Sendable, Equatable, CustomStringConvertible {
    /// t[i₀, i₁, …] = sign · t[i_places[0], i_places[1], …]
    public struct Permutation: Sendable, Hashable {
        public let places: [Int]
        public let sign: Int
    }

    public let description: String
    public let indices: [Character]
    /// The identity first.
    public let permutations: [Permutation]

    public init(_ formula: String) throws {
        func wrong(_ found: String) -> IndexSymmetryError {
            IndexSymmetryError(
                description:
                    "the index symmetry '\(formula)': \(found); expected orders of the same letters such as ij=ji or ijk=-jik"
            )
        }
        let words = formula.filter { !$0.isWhitespace }.split(separator: "=", omittingEmptySubsequences: false)
        let names = Array(words[0])
        guard !names.isEmpty, names.allSatisfy(\.isLetter) else { throw wrong("found '\(words[0])' for the indices") }
        guard names.count <= 8 else { throw wrong("found \(names.count) indices, of at most 8") }
        guard Set(names).count == names.count else { throw wrong("an index occurs twice in '\(words[0])'") }
        let generators = try words.dropFirst().map { word in
            let letters = Array(word.first == "-" ? word.dropFirst() : word)
            guard letters.sorted() == names.sorted() else { throw wrong("found '\(word)'") }
            return Permutation(places: letters.map { names.firstIndex(of: $0)! }, sign: word.first == "-" ? -1 : 1)
        }

        var group = [Permutation(places: Array(names.indices), sign: 1)]
        var signs = [group[0].places: 1]
        var next = 0
        while next < group.count {
            let last = group[next]
            next += 1
            for generator in generators {
                let places = generator.places.map { last.places[$0] }
                let sign = last.sign * generator.sign
                if let known = signs[places] {
                    guard known == sign else {
                        throw wrong("it changes the sign of every tensor, so only zero has it")
                    }
                } else {
                    signs[places] = sign
                    group.append(Permutation(places: places, sign: sign))
                }
            }
        }
        description = formula
        indices = names
        permutations = group
    }

    /// The mean of a tensor over all permutations with their signs, the nearest one that has the symmetry; row by row,
    /// with so many values of each index.
    public func symmetrizing(_ tensor: [Double], dimensions: [Int]) -> [Double] {
        precondition(
            dimensions.count == indices.count, "expected \(indices.count) dimensions, got \(dimensions.count)")
        precondition(
            tensor.count == dimensions.reduce(1, *),
            "expected \(dimensions.reduce(1, *)) components, got \(tensor.count)")
        var strides = Array(repeating: 1, count: dimensions.count)
        for i in dimensions.indices.dropLast().reversed() { strides[i] = strides[i + 1] * dimensions[i + 1] }
        var result = Array(repeating: 0.0, count: tensor.count)
        let weight = 1 / Double(permutations.count)
        for permutation in permutations {
            let scale = weight * Double(permutation.sign)
            for flat in tensor.indices {
                var other = 0
                for i in dimensions.indices {
                    let from = permutation.places[i]
                    other += flat / strides[from] % dimensions[from] * strides[i]
                }
                result[flat] += scale * tensor[other]
            }
        }
        return result
    }
}

/// What is wrong with an index symmetry or the irreps of its indices.
public struct IndexSymmetryError: Error, Hashable, CustomStringConvertible {
    public let description: String
}
