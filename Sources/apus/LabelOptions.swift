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

    var choice: LabelChoice {
        get throws {
            try LabelChoice(
                energyKey: energyKey, forcesKey: forcesKey, stressKey: stressKey, virialKey: virialKey,
                others: otherKeys)
        }
    }
}
