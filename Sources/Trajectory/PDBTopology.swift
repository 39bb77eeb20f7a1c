import Atoms
import Files
import Foundation

/// The first frame of a trajectory as a PDB file: the names that netCDF's AMBER convention leaves to a topology.
/// MDAnalysis and mdtraj open the pair.
///
/// Every atom is a residue of its own, because readers take a second atom of the same name within one residue for an
/// alternate location. Serial and residue numbers begin again at 0 where their columns end.
public enum PDBTopology {
    /// - Throws: `TrajectoryError` when the file cannot be written. A file of that name is replaced, all at once.
    public static func write(_ structure: Structure, to path: String) throws {
        try TrajectoryError.translating(path) { try OutputFile.write(text(structure), to: path) }
    }

    static func text(_ structure: Structure) -> String {
        let orientation = structure.cell.map(StandardOrientation.init)
        var text = "REMARK    \(structure.formula.prefix(60))\n"
        if let orientation {
            let (l, a) = orientation.cell.lengthsAndAngles
            text += String(
                format: "CRYST1%9.3f%9.3f%9.3f%7.2f%7.2f%7.2f P 1           1\n", l.x, l.y, l.z, a.x, a.y, a.z)
        }
        for i in 0..<structure.count {
            let position = structure.cell?.wrapped(structure.positions[i]) ?? structure.positions[i]
            // Eight columns end at 9999.999; such a coordinate is only a placeholder for that of the trajectory.
            let x = (orientation?.turn(position) ?? position).clamped(
                lowerBound: SIMD3(repeating: -999.999), upperBound: SIMD3(repeating: 9999.999))
            let symbol = structure.elements[i].symbol.uppercased()
            let right = String(repeating: " ", count: 2 - symbol.count) + symbol
            let residue = symbol.padding(toLength: 3, withPad: " ", startingAt: 0)
            text += "HETATM" + padded((i + 1) % 100_000, 5) + " \(right)   \(residue) X" + padded((i + 1) % 10_000, 4)
            text += String(format: "    %8.3f%8.3f%8.3f%6.2f%6.2f          ", x.x, x.y, x.z, 1.0, 0.0) + right + "\n"
        }
        return text + "END\n"
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: " ", count: width - digits.count) + digits
    }
}
