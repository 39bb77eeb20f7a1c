import Atoms
import Foundation

/// Small structures of a potential's elements, whose energies and forces its file holds.
enum ImportedReferences {
    /// Two rock-salt cells of eight atoms, of the first and the last elements, skewed and shaken.
    static func structures(of elements: [Element]) -> [Structure] {
        let sorted = elements.sorted()
        return [sorted, sorted.reversed()].enumerated().map { index, order in
            let chosen = (0..<8).map { order[$0 % min(order.count, 4)] }
            let radius = chosen.map(\.covalentRadius).reduce(0, +) / 8
            let a = 4.4 * radius
            let places: [SIMD3<Double>] = [
                [0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5], [0.5, 0.5, 0.5], [0.5, 0, 0], [0, 0.5, 0],
                [0, 0, 0.5],
            ]
            // Irregular, and the same everywhere.
            func shift(_ k: Int) -> Double { 0.03 * sin(Double(7 * k + 3 * index + 1)) }
            let cell = Cell(
                Matrix3([a, shift(1) * a, 0], [0, 1.02 * a, shift(2) * a], [shift(3) * a, 0, 0.98 * a]))
            let positions = places.enumerated().map { k, place in
                a * (place + SIMD3(shift(3 * k), shift(3 * k + 1), shift(3 * k + 2)))
            }
            return Structure(elements: chosen, positions: positions, cell: cell)
        }
    }
}
