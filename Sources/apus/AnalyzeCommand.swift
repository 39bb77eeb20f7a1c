import ArgumentParser
import Commands

struct AnalyzeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "analyze",
        abstract: "Compute distributions, diffusion, vibrations and averages from a trajectory.",
        discussion: """
              apus analyze trajectory.nc --rdf --msd --vdos -o analysis
              apus analyze dump.lammpstrj --msd --interval 100 -o analysis
              apus analyze heat_flux.csv --green-kubo -o conductivity

            The trajectory (netCDF, DCD, LAMMPS dump, extended XYZ, XDATCAR and what else holds many structures) is read \
            frame by frame. The folder gets a table (CSV) for each part and analysis.json: radial \
            distributions with coordination numbers by pair of elements, mean square displacements over many origins with \
            diffusion coefficients and their errors, velocity autocorrelations and vibrational densities of states, infrared \
            spectra where frames have dipoles, \
            angles, density profiles, and averages of temperature, energies, pressure and volume with the statistical \
            inefficiency. Without naming a part all are made that the trajectory allows. With --green-kubo the files are \
            heat fluxes of independent runs, which give a thermal conductivity with its error. More: Documentation/analysis.md.
            """)

    @Argument(help: "A trajectory; with --green-kubo tables of heat fluxes.")
    var files: [String]

    @Option(name: [.customShort("o"), .customLong("output")], help: "The folder for the tables.")
    var output: String?

    @Flag(help: "Radial distributions and coordination numbers.")
    var rdf = false

    @Flag(help: "Mean square displacements and diffusion.")
    var msd = false

    @Flag(help: "Velocity autocorrelations and vibrational densities of states.")
    var vdos = false

    @Flag(help: "The infrared spectrum of a molecule from its dipoles.")
    var ir = false

    @Flag(help: "Angles between neighbours.")
    var angles = false

    @Flag(help: "The density of atoms across a cell vector.")
    var density = false

    @Flag(help: "The thermal conductivity from tables of heat fluxes (heat_flux in the settings of apus md).")
    var greenKubo = false

    @Option(
        parsing: .unconditional,
        help: "The same of runs that heat was driven through: heat_driving of their settings, \"0 0 1e-4\", in 1/Å.")
    var driven: String?

    @Option(
        help: "The highest frequency that the spectrum of heat fluxes is smoothed up to, in THz; all unless given.")
    var maxFrequency: Double?

    @Option(help: "How far distances go, in Å; half of the cell's height, 10 at most, unless given.")
    var rmax: Double?

    @Option(help: "Bins of distances and of density.")
    var bins = 200

    @Option(help: "Neighbours of the angles are closer, in Å; 1.3 times a bond of the largest element unless given.")
    var cutoff: Double?

    @Option(help: "The cell vector that the density goes across: a, b or c.")
    var axis = "c"

    @Option(
        help:
            "The longest time of displacements and velocities, in ps; half of the trajectory unless given. Of heat fluxes a tenth, of dipoles a quarter, 4 ps at most."
    )
    var maxLag: Double?

    @Option(
        help: "A structure of the same atoms, for files without elements; of DCD the PDB file beside it unless given."
    )
    var topology: String?

    @Option(help: "How far frames of the file are apart, in fs, for files that do not say when they are.")
    var interval: Double?

    @Option(help: "The first frame that is read, from 1.")
    var first = 1

    @Option(help: "Every how many frames one is read.")
    var every = 1

    @Flag(help: "Take the motion of all atoms together out of displacements and velocities.")
    var removeDrift = false

    @Flag(help: "Replace files of the folder that exist.")
    var overwrite = false

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        let others = [rdf, msd, vdos, ir, angles, density].contains(true)
        guard [greenKubo, driven != nil, others].count(where: \.self) <= 1 else {
            throw ValidationError(
                "--green-kubo, --driven: expected no other part beside it: others need a trajectory")
        }
        if driven != nil { _ = try field() }
        guard output != nil || driven != nil else {
            throw ValidationError("expected a folder for the tables: -o FOLDER")
        }
        guard greenKubo || driven != nil || files.count == 1 else {
            throw ValidationError("expected one trajectory, found \(files.count) files")
        }
        if let maxFrequency, !(maxFrequency > 0 && maxFrequency.isFinite && greenKubo) {
            throw ValidationError(
                "--max-frequency: expected more than 0 THz beside --green-kubo, found \(maxFrequency)")
        }
        if let rmax, !(0.1...100).contains(rmax) {
            throw ValidationError("--rmax: expected 0.1…100 Å, found \(rmax)")
        }
        if let cutoff, !(0.1...20).contains(cutoff) {
            throw ValidationError("--cutoff: expected 0.1…20 Å, found \(cutoff)")
        }
        if let maxLag, !(maxLag > 0 && maxLag.isFinite) {
            throw ValidationError("--max-lag: expected more than 0 ps, found \(maxLag)")
        }
        if let interval, !(interval > 0 && interval.isFinite) {
            throw ValidationError("--interval: expected more than 0 fs, found \(interval)")
        }
        guard (1...1_000_000).contains(bins) else {
            throw ValidationError("--bins: expected 1…1000000, found \(bins)")
        }
        guard ["a", "b", "c"].contains(axis) else {
            throw ValidationError("--axis: expected a, b or c, found '\(axis)'")
        }
        guard first >= 1 else { throw ValidationError("--first: expected 1 or more, found \(first)") }
        guard every >= 1 else { throw ValidationError("--every: expected 1 or more, found \(every)") }
    }

    func run() throws {
        if greenKubo { return try runGreenKubo() }
        if driven != nil {
            return try HeatDrivenJob(files: files, field: field(), first: first, json: json).run()
        }
        var options = AnalyzeJob.Options()
        for (flag, part) in [
            (rdf, AnalyzeJob.Part.rdf), (msd, .msd), (vdos, .vdos), (ir, .ir), (angles, .angles), (density, .density),
        ] where flag { options.parts.insert(part) }
        options.distance = rmax
        options.bins = bins
        options.neighborCutoff = cutoff
        options.axis = ["a", "b", "c"].firstIndex(of: axis)!
        options.longestLag = maxLag.map { $0 * 1000 }
        options.first = first
        options.every = every
        options.removesDrift = removeDrift
        options.topology = topology
        options.interval = interval
        options.overwrite = overwrite
        options.json = json
        try AnalyzeJob(trajectory: files[0], folder: output!, options: options, parallelism: threads.parallelism)
            .run()
    }

    private func field() throws -> SIMD3<Double> {
        let numbers = driven!.split(separator: " ").compactMap { Double($0) }.filter(\.isFinite)
        guard numbers.count == 3, numbers.contains(where: { $0 != 0 }) else {
            throw ValidationError("--driven: expected three numbers such as \"0 0 1e-4\", found '\(driven!)'")
        }
        return SIMD3(numbers[0], numbers[1], numbers[2])
    }

    private func runGreenKubo() throws {
        var options = GreenKuboJob.Options()
        options.longestLag = maxLag.map { $0 * 1000 }
        options.highestFrequency = maxFrequency
        options.first = first
        options.overwrite = overwrite
        options.json = json
        try GreenKuboJob(files: files, folder: output!, options: options).run()
    }
}
