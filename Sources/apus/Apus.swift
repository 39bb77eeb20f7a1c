import ArgumentParser
import Commands
import Compute
import Files
import Foundation
import Logging
import Models
import Potentials

/// The command `apus`: thin, every subcommand reads its input, calls the modules and prints.
@main
struct Apus: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apus",
        abstract: "Train NequIP-type interatomic potentials on DFT data and run molecular dynamics with them.",
        discussion: """
            The way from data to a trajectory:

              apus convert OUTCAR silicon.xyz              what a DFT code wrote, if it is to be looked at
              apus select many.xyz -n 200 -o few.xyz       those that differ most
              apus import checkpoint.pth -o foundation.safetensors   a potential that another program trained
              apus distil foundation.safetensors distil.yaml   a small, fast potential of a large one
              apus check-data silicon.xyz                  what is in the data, and what is wrong with them
              apus train train.yaml                        train a potential on it
              apus evaluate potential.safetensors test.xyz its errors
              apus validate potential.safetensors crystal.xyz  whether it can be trusted
              apus relax potential.safetensors start.xyz relaxed.xyz --cell    structures at their minimum
              apus md md.yaml                              molecular dynamics with it
              apus info trajectory.nc                      what came out
              apus serve potential.safetensors start.xyz --socket unix:name    forces for i-PI or ASE

            Settings are YAML files; --set KEY=VALUE replaces one of them, for example --set ensemble.temperature=500.
            File names are relative to the current folder. Errors are one line on stderr, with exit code 1.
            """,
        version: "\(ProgramVersion.description) (\(BuildTarget.description))",
        subcommands: [
            ConvertCommand.self,
            SelectCommand.self,
            ImportCommand.self,
            CheckDataCommand.self,
            TrainCommand.self,
            DistilCommand.self,
            LearningCurveCommand.self,
            EvaluateCommand.self,
            ValidateCommand.self,
            RelaxCommand.self,
            NEBCommand.self,
            EquationOfStateCommand.self,
            ElasticCommand.self,
            PhononsCommand.self,
            QuasiHarmonicCommand.self,
            VibrationsCommand.self,
            MDCommand.self,
            ServeCommand.self,
            AnalyzeCommand.self,
            InfoCommand.self,
            BenchmarkCommand.self,
        ])

    static func main() {
        ProcessSetup.begin()
        LoggingSystem.bootstrap { _ in TerminalLogHandler() }
        do {
            try checkArguments()
            var command = try parseAsRoot()
            if !BuildTarget.hasFusedMultiplyAdd {
                Logger(label: "apus").warning(
                    "this program was built without fused multiply-add and is a hundred times slower; build it without APUS_MARCH, or with x86-64-v3 or newer"
                )
            }
            if !(command is TrainCommand), type(of: command).configuration.subcommands.isEmpty {
                try Ranks.refuse(for: type(of: command)._commandName)
            }
            try command.run()
            try checkOutput(of: command)
        } catch {
            leave(because: error)
        }
    }

    /// Throws where what was printed is what was asked for, and did not get through.
    private static func checkOutput(of command: any ParsableCommand) throws {
        guard let code = Terminal.failure else { return }
        let error = SystemError("standard output", while: "writing to it", code: code)
        let isAnswer =
            switch command {
            case is TrainCommand, is MDCommand, is ServeCommand: false
            case let curve as LearningCurveCommand: curve.json
            default: true
            }
        guard isAnswer else {
            return Logger(label: "apus").warning("\(error): lines are missing there; all files are complete")
        }
        // Who has read enough, such as head, need not be told.
        if code == EPIPE { throw ExitCode(1) }
        throw error
    }

    /// Names of files are text here; other bytes would become the name of a file that does not exist.
    private static func checkArguments() throws {
        for index in 0..<Int(CommandLine.argc) {
            guard let bytes = CommandLine.unsafeArgv[index], String(validatingCString: bytes) == nil else { continue }
            throw CommandError(
                "\(String(cString: bytes)): expected arguments in UTF-8, found other bytes; rename the file or its folder"
            )
        }
    }

    private static func leave(because error: any Error) -> Never {
        switch exitCode(for: error) {
        case .success: exit(withError: error)
        case .validationFailure:
            // What the parser says, and the line of its usage text that shows how to call the command.
            let usage = fullMessage(for: error).split(separator: "\n").first { $0.hasPrefix("Usage: ") }
            fail(message(for: error) + (usage.map { " (usage: \($0.dropFirst("Usage: ".count)))" } ?? ""))
        case let code:
            if let end = error as? CommandExit { Foundation.exit(end.code) }
            if error is ExitCode { Foundation.exit(code.rawValue) }
            fail(CommandError.message(of: error))
        }
    }

    private static func fail(_ message: String) -> Never {
        let line = message.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
            .joined(separator: " ")
        Ranks.letTheFirstSpeak()
        Terminal.complain("apus: error: \(line)")
        Ranks.abort()
        Foundation.exit(1)
    }
}
