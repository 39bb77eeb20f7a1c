import ArgumentParser
import Commands
import StructureFiles

/// `apus convert`: structures of any format in one file of another.
struct ConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Write the structures of files of any format to one file of another.",
        discussion: """
            Reads what every command reads (Documentation/formats.md; also .gz, .xz, .zst; the content of a file decides): \
            files, patterns in quotes, and folders, which stand for all structure files in them and below. The name of the \
            last argument decides what is written: *.xyz (extended XYZ), POSCAR or *.vasp, *.data (LAMMPS, one structure), \
            *.deepmd (a folder with DeePMD's systems by formula), *.db (ASE's database), *.nc (a netCDF trajectory of the \
            same atoms). Energies, forces and stresses are in eV, Å and eV/Å³, tension positive.

            The energy is the one that the forces belong to (of OUTCAR the free energy TOTEN); steps whose electrons have \
            not converged, and steps that the file ends in, are left out, counted and named. Nothing is written where a \
            file cannot be read.

              apus convert OUTCAR data.xyz
              apus convert OUTCAR vasprun.xml "runs/*/pw.out" all.xyz --where "fmax < 20" --json
              apus convert runs/ set.xyz --shuffle --seed 7 --split 0.8,0.1,0.1
              apus convert all.xyz bulk.deepmd --where "config_type == 'bulk' and natoms <= 64"

            --where knows natoms, energy, energy_per_atom (eV), fmax, frms (eV/Å), volume, volume_per_atom (Å³), density \
            (g/cm³), pressure, smax (GPa), charge, nelements, formula, converged, periodic, frame (from 1), file, \
            count(Si), has(forces), and the keys of the structures' information; and, or, not, parentheses, + - * /.
            """)

    @Argument(help: "Structure files, patterns or folders, and the file (or folder) that is written, last.")
    var files: [String]

    @Option(
        name: .customLong("where"), parsing: .unconditional,
        help: ArgumentHelp("Only structures that meet this condition.", valueName: "condition"))
    var filter: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Of each input: 10:100:5, -1:, ::10.", valueName: "start:end:step"))
    var slice: String?

    @Flag(help: "Write the structures in random order.")
    var shuffle = false

    @Option(
        help: ArgumentHelp(
            "Shares of the structures, drawn at random, for several outputs: NAME-train, -validation and -test; by number where there are more.",
            valueName: "0.8,0.1,0.1"))
    var split: String?

    @Option(help: "The seed of --shuffle and --split.")
    var seed: UInt64 = 1

    @Option(help: "The format to write: \(ConvertOptions.formatWords); by the name unless given.")
    var format: String?

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
        var options = ConvertOptions()
        options.filter = try filter.map { try StructureFilter($0) }
        options.slice = try slice.map { try FrameSlice($0) }
        options.shuffles = shuffle
        options.seed = seed
        options.split = try split.map { try ConvertOptions.shares($0) } ?? []
        options.format = format
        options.overwrites = overwrite
        try ConvertJob(
            inputs: Array(files.dropLast()), output: files[files.count - 1], labels: try labels.choice,
            options: options, json: json
        ).run()
    }
}
