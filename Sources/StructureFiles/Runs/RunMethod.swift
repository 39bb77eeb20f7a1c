import Atoms

/// At what level of theory a run was made, as far as its header says: it goes with every structure as information, so
/// that files which do not belong together can be told apart.
struct RunMethod: Equatable {
    /// Program and version: `VASP 6.3.2`.
    var code: String?
    /// As the program calls it: `PBE`, `SLA PW PBX PBC`.
    var functional: String?
    /// Of the plane waves or the real-space grid, eV.
    var cutoff: Double?
    /// The grid (`4x4x4`), or else how many points there are.
    var kpoints: String?
    /// One for each species.
    var pseudopotentials: [String] = []
    /// `D3`, `TS`, … where a dispersion correction is included in energy and forces.
    var dispersion: String?
    /// Number of spin components: 1, 2, or 4 where it is not collinear.
    var spins: Int?

    static let keys = (
        code: "dft_code", functional: "dft_functional", cutoff: "dft_cutoff_ev", kpoints: "dft_kpoints",
        pseudopotentials: "dft_pseudopotentials", dispersion: "dft_dispersion", spins: "dft_spins"
    )

    var information: [String: String] {
        var found: [String: String] = [:]
        found[Self.keys.code] = code
        found[Self.keys.functional] = functional
        found[Self.keys.cutoff] = cutoff.map { "\(($0 * 1e6).rounded() / 1e6)" }
        found[Self.keys.kpoints] = kpoints
        if !pseudopotentials.isEmpty {
            found[Self.keys.pseudopotentials] = pseudopotentials.joined(separator: ", ")
        }
        found[Self.keys.dispersion] = dispersion
        found[Self.keys.spins] = spins.map { "\($0)" }
        return found
    }
}
