import ArgumentParser
import Commands
import Potentials
import Sockets

/// `apus serve`: energies and forces for a program that moves the atoms itself.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Answer i-PI or ASE with energies, forces and virials over a socket.",
        discussion: """
            Start i-PI (or ASE's SocketIOCalculator) first, then

              apus serve potential.safetensors start.xyz --socket unix:silicon
              apus serve potential.safetensors start.xyz --socket localhost:31415

            for <ffsocket mode='unix'> with the address silicon, whose socket file is /tmp/ipi_silicon, or for mode='inet'.

            The structure file says which elements the atoms are, in the order of the server, and along which vectors \
            they repeat (pbc); positions and cell are the server's. The command answers until the server ends, and prints \
            what it did. Several of them may serve one path-integral run, each on some of the cores (--threads).

            An example that runs is in examples/ipi; units, extras and ASE are in Documentation/i-pi.md.
            """)

    @Argument(help: "The potential file.")
    var potential: String

    @Argument(
        help: "Extended XYZ or POSCAR (or a netCDF trajectory) with the elements in the server's order, and pbc.")
    var structure: String

    @Option(
        help: ArgumentHelp(
            "Where the server listens: unix:NAME (or unix:/PATH), or host:port.", valueName: "unix:NAME|host:port"))
    var socket: String

    @Option(help: "Which frame of the structure file, counted from 1; −1 is the last.")
    var frame = 1

    @Option(help: "Seconds to wait for a server that is not there yet.")
    var wait = 60.0

    @Option(help: "What stands before NAME in the path of the socket file; i-PI's option of the same name.")
    var socketsPrefix = SocketAddress.usualPrefix

    @Option(help: "float32 or float64; the potential's own unless given.")
    var precision: Potential.Precision?

    @OptionGroup var threading: ThreadOptions

    func validate() throws {
        guard wait >= 0, wait.isFinite else {
            throw ValidationError("--wait: expected at least 0 seconds, found \(wait)")
        }
        guard frame != 0 else {
            throw ValidationError("--frame: frames are counted from 1, and back from −1; found 0")
        }
    }

    func run() throws {
        try ServeJob(
            potential: potential, structure: structure, socket: socket, socketsPrefix: socketsPrefix, frame: frame,
            precision: precision, wait: wait, parallelism: threading.parallelism
        ).run()
    }
}
