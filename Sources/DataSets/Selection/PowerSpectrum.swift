import Atoms
import Equivariance
import Foundation
import Neighbors

/// What surrounds atoms, as numbers that turning, shifting and renumbering do not change: the power spectrum of
/// neighbour densities, averaged over the atoms of each element.
///
///     c_Znlm(i) = Σ_{j of Z} g_n(r_ij) Y_lm(r̂_ij),   p_{Zn,Z'n',l}(i) = Σ_m c_Znlm c_Z'n'lm / √(2l + 1)
///
/// (Bartók, Kondor and Csányi, Phys. Rev. B 87, 184115 (2013), eq. 36, with smooth radial functions in place of
/// Gaussians). Each atom's spectrum has the norm 1; that of a structure is the sum over the atoms of an element,
/// divided by the number of all atoms, one element behind the other. The density is multiplied by a decay, since far
/// neighbours are many and matter less.
public struct PowerSpectrum: Sendable {
    /// Å
    public let cutoff: Double
    public let elements: [Element]
    private let harmonics: SphericalHarmonics
    private let placeOf: [Element: Int]
    private static let (radials, degree) = (4, 4)

    public init(cutoff: Double, elements: [Element]) {
        self.cutoff = cutoff
        self.elements = elements
        harmonics = SphericalHarmonics(lMax: Self.degree)
        placeOf = Dictionary(uniqueKeysWithValues: elements.enumerated().map { ($1, $0) })
    }

    /// Densities: one for each element and radial function.
    private var channels: Int { elements.count * Self.radials }
    private var numbersOfAtom: Int { channels * (channels + 1) / 2 * (Self.degree + 1) }
    /// Numbers of a structure.
    public var count: Int { elements.count * numbersOfAtom }

    /// Throws where a structure has no neighbour list.
    public func callAsFunction(_ structure: Structure) throws -> [Float] {
        let edges = try EdgeList(
            positions: structure.positions, cell: structure.cell, cutoffs: Cutoffs(cutoff), parallelism: .serial)
        var sums = [Double](repeating: 0, count: count)
        let width = (Self.degree + 1) * (Self.degree + 1)
        var density = [Double](repeating: 0, count: channels * width)
        var spectrum = [Double](repeating: 0, count: numbersOfAtom)
        for atom in 0..<structure.count {
            for k in density.indices { density[k] = 0 }
            for edge in Int(edges.offsets[atom])..<Int(edges.offsets[atom + 1]) {
                let vector = SIMD3(edges.x[edge], edges.y[edge], edges.z[edge])
                let values = harmonics(vector)
                let first = placeOf[structure.elements[Int(edges.sources[edge])]]! * Self.radials
                for (n, radial) in radial(norm(vector)).enumerated() {
                    let place = (first + n) * width
                    for k in 0..<width { density[place + k] += radial * values[k] }
                }
            }
            var (place, squares) = (0, 0.0)
            for a in 0..<channels {
                for b in a..<channels {
                    for l in 0...Self.degree {
                        var sum = 0.0
                        for k in l * l..<(l + 1) * (l + 1) { sum += density[a * width + k] * density[b * width + k] }
                        // A pair of different channels stands for both orders.
                        let value = sum / Double(2 * l + 1).squareRoot() * (a == b ? 1 : 2.0.squareRoot())
                        spectrum[place] = value
                        squares += value * value
                        place += 1
                    }
                }
            }
            let scale = squares > 0 ? 1 / (squares.squareRoot() * Double(structure.count)) : 0
            let first = placeOf[structure.elements[atom]]! * numbersOfAtom
            for k in spectrum.indices { sums[first + k] += scale * spectrum[k] }
        }
        return sums.map { Float($0) }
    }

    /// `[n]`: bumps at equal distances with a cosine that brings them to zero at the cutoff, over 1 + (r / 2 Å)².
    private func radial(_ r: Double) -> [Double] {
        let fade = 0.5 * (1 + cos(.pi * r / cutoff)) / (1 + r * r / 4)
        let spacing = cutoff / Double(Self.radials)
        return (0..<Self.radials).map { n in
            let x = (r - (Double(n) + 0.75) * spacing) / (0.7 * spacing)
            return fade * exp(-x * x / 2)
        }
    }
}
