import Atoms
import Foundation
import Testing

@testable import StructureFiles

/// A file that another program wrote (Data/formats, made by make_format_files.py there), and what must be read of it.
struct RecordedFile: CustomTestStringConvertible, Sendable {
    struct Frame: Decodable {
        var symbols: [String]
        var positions: [[Double]]
        var cell: [[Double]]?
        var pbc: [Bool]
        var energy: Double?
        var forces: [[Double]]?
        var stress: [[Double]]?
        var velocities: [[Double]]?
        var dipole: [Double]?
    }

    struct Options: Decodable {
        var elements: String?
        var fileUnits: String?
        /// Whether sites may be expanded in another order.
        var anyOrder: Bool?
        /// `[frame]` atoms that are fixed.
        var fixed: [[Int]]?
    }

    struct Expected: Decodable {
        var options: Options
        /// Of numbers, relative to the largest of their kind.
        var tolerance: Double
        var frames: [Frame]
    }

    var format: String
    var name: String
    var testDescription: String { name }

    static let all = [
        ("ASE trajectory", "ase.traj"), ("ASE database", "ase.db.gz"), ("ASE database (JSON)", "ase-db.json"),
        ("CIF", "ase.cif"), ("CIF", "pymatgen-symmetry.cif"), ("PDB", "ase.pdb"), ("LAMMPS data", "lammps.data"),
        ("pymatgen JSON", "pymatgen-structure.json"), ("pymatgen JSON", "pymatgen-entries.json"),
        ("pymatgen JSON", "pymatgen-trajectory.json"), ("DeePMD", "deepmd-npy"), ("DeePMD", "deepmd-raw"),
        ("DeePMD", "deepmd-mixed"), ("MTP", "motep.cfg"), ("extended XYZ", "calorine-nep.xyz"), ("NPZ", "rmd17.npz"),
        ("NPZ", "sgdml.npz"), ("NPZ", "md17.npz"), ("HDF5 (ANI, SPICE)", "spice.hdf5"),
        ("HDF5 (ANI, SPICE)", "ani1x.h5"),
        ("RuNNer", "input.data"), ("Psi4", "psi4.out.gz"), ("NWChem", "nwchem.out.gz"), ("GPAW text", "gpaw.txt"),
        ("GPAW", "gpaw.gpw"),
    ].map { RecordedFile(format: $0, name: $1) }

    var path: String { "\(Self.folder)/\(name)" }
    static let folder = Bundle.module.resourceURL!.appending(path: "Data/formats").path

    func expected() throws -> Expected {
        let url = URL(filePath: "\(path).expected.json")
        return try JSONDecoder().decode(Expected.self, from: Data(contentsOf: url))
    }

    func labels() throws -> LabelKeys {
        let options = try expected().options
        var labels = LabelKeys()
        labels.unstated = try UnstatedFacts(elements: options.elements, units: options.fileUnits)
        return labels
    }

    /// Formats of libraries that a damaged file may bring down; they are damaged in a process of their own.
    var isReadByALibrary: Bool { ["ASE database", "HDF5 (ANI, SPICE)"].contains(format) }
    var isFolder: Bool { format == "DeePMD" }
}
