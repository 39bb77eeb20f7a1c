import ArgumentParser
import Commands

/// What the labels of a data set are called.
struct LabelOptions: ParsableArguments {
    @Option(help: "The key of energies in the data (energy); none for not reading any, as with the other keys.")
    var energyKey: String?

    @Option(help: "The column of forces in the data (forces).")
    var forcesKey: String?

    @Option(help: "The key of stresses in the data (stress).")
    var stressKey: String?

    @Option(help: "The key of virials in the data (virial).")
    var virialKey: String?

    @Option(
        name: .customLong("key"),
        help: ArgumentHelp(
            "The key or column of another property in the data, for example dipole=REF_dipole.",
            valueName: "property=name"))
    var otherKeys: [String] = []

    @Option(
        help: ArgumentHelp(
            "The elements of types that a file only numbers (LAMMPS, DeePMD without type_map.raw, MTP), in their order: Si,O.",
            valueName: "symbols"))
    var elements: String?

    @Option(
        help: ArgumentHelp(
            "The units of files that do not say them (LAMMPS, RuNNer, NPZ): metal (Å, eV, ps), real (Å, kcal/mol, fs) or electron (bohr, Hartree).",
            valueName: "units"))
    var fileUnits: String?

    @Flag(help: "Take steps whose electrons have not converged too, marked converged=F.")
    var keepUnconverged = false

    var choice: LabelChoice {
        get throws {
            try LabelChoice(
                energyKey: energyKey, forcesKey: forcesKey, stressKey: stressKey, virialKey: virialKey,
                others: otherKeys, elements: elements, fileUnits: fileUnits,
                keepsUnconverged: keepUnconverged)
        }
    }
}
