import ArgumentParser
import Commands

/// `apus convert`: structures of any format in one extended XYZ file.
struct ConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Write the structures of files of any format to one extended XYZ file.",
        discussion: """
            Reads what every command reads (VASP's OUTCAR, vasprun.xml, POSCAR and CONTCAR, extended XYZ; also .gz, .xz, .zst; the \
            content of a file decides) and writes energies, forces, stresses and other labels in eV, Å and eV/Å³, tension \
            positive. Of OUTCAR the energy is the free energy TOTEN, which the forces belong to; steps whose electrons have \
            not converged, and steps that the file ends in, are left out, counted and named. Nothing is written where a \
            file cannot be read.

              apus convert OUTCAR data.xyz
              apus convert "runs/*/OUTCAR.gz" more.xyz all.xyz --json
            """)

    @Argument(help: "Structure files or patterns, and the extended XYZ file that is written, last.")
    var files: [String]

    @Flag(help: "Replace the file if it exists.")
    var overwrite = false

    @OptionGroup var labels: LabelOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        guard files.count >= 2 else {
            throw ValidationError(
                "expected files to read and the file to write, found \(files.joined(separator: ", "))")
        }
    }

    func run() throws {
        try ConvertJob(
            inputs: Array(files.dropLast()), output: files[files.count - 1], overwrite: overwrite,
            labels: try labels.choice, json: json
        ).run()
    }
}
