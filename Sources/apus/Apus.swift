import ArgumentParser

@main
struct Apus: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "apus", abstract: "Train and run NequIP potentials.")
}
