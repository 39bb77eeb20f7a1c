import Atoms

/// The path that a band begins with: structures with the same atoms in the same cell, each atom near to where it was in
/// the structure before.
public struct InitialPath: Sendable {
    /// From end to end.
    public private(set) var images: [Structure]

    public enum Interpolation: String, Sendable, CaseIterable {
        /// Atoms move along straight lines.
        case linear
        /// Then distances between near atoms are led to values between those at the ends.
        case idpp
    }

    /// Why structures are no path.
    public struct Problem: Error, CustomStringConvertible {
        public var description: String
    }

    /// A whole path. Atoms that have left through a face of the cell are taken back to the image that is nearest to
    /// where they were before.
    public init(_ structures: [Structure]) throws {
        guard let first = structures.first, structures.count >= 2 else {
            throw Problem(
                description:
                    "expected the two ends of a path or all of it, found \(structures.count) structure\(structures.count == 1 ? "" : "s")"
            )
        }
        for (index, structure) in structures.enumerated() {
            guard structure.elements == first.elements else {
                throw Problem(
                    description:
                        "structure \(index + 1): expected the atoms of the first structure in the same order (\(first.formula)), found \(structure.formula)\(Self.firstDifference(structure, first))"
                )
            }
            guard Self.isSame(structure.cell, first.cell) else {
                throw Problem(
                    description: "structure \(index + 1): expected the cell of the first structure, found another")
            }
        }
        images = structures
        for index in images.indices {
            images[index].cell = first.cell
            images[index].velocities = nil
            guard index > 0, let cell = first.cell else { continue }
            for atom in 0..<first.count {
                let before = images[index - 1].positions[atom]
                images[index].positions[atom] = before + cell.shortest(images[index].positions[atom] - before)
            }
        }
        guard images.indices.dropFirst().allSatisfy({ distance($0) > 1e-3 }) else {
            throw Problem(
                description: "two neighbouring structures of the path are the same; expected different ones")
        }
    }

    /// A path between two ends with so many images between them.
    ///
    /// - Parameter fixed: atoms that interpolation leaves on their straight lines.
    public init(
        from start: Structure, to end: Structure, images count: Int, _ interpolation: Interpolation,
        fixed: Set<Int> = []
    ) throws {
        precondition(count >= 1, "expected an image between the ends, got \(count)")
        let ends = try InitialPath([start, end])
        var images: [Structure] = []
        for k in 0...count + 1 {
            var image = ends.images[0]
            let share = Double(k) / Double(count + 1)
            for atom in 0..<image.count {
                image.positions[atom] += (ends.images[1].positions[atom] - image.positions[atom]) * share
            }
            images.append(image)
        }
        images[count + 1] = ends.images[1]
        self.images = images
        if interpolation == .idpp { self.images = try PairDistanceSurface(images).relaxed(images, fixed: fixed) }
    }

    /// Of the longest way of an atom from one image to the next, Å.
    public func distance(_ index: Int) -> Double {
        zip(images[index].positions, images[index - 1].positions).map { norm($0 - $1) }.max() ?? 0
    }

    private static func isSame(_ a: Cell?, _ b: Cell?) -> Bool {
        guard let a, let b else { return a == nil && b == nil }
        return a.isPeriodic == b.isPeriodic
            && zip(a.vectors.elements, b.vectors.elements).allSatisfy { abs($0 - $1) < 1e-6 }
    }

    private static func firstDifference(_ a: Structure, _ b: Structure) -> String {
        guard let atom = zip(a.elements, b.elements).enumerated().first(where: { $1.0 != $1.1 })?.offset else {
            return ""
        }
        return " (atom \(atom + 1) is \(a.elements[atom]), not \(b.elements[atom]))"
    }
}
