/// Why a step of a run is no structure, as the end of a sentence.
enum RunStepReason: String, CaseIterable, Sendable {
    case unconverged = "whose electrons have not converged"
    case notPrinted = "without positions, forces or energy"
    case cut = "in which the file ends"
    case unreadable = "with numbers that are none"
    case superseded = "whose energy another one of the same structure follows, as in a series of cut-offs"
    case machineLearned = "of a machine-learned force field, which are no ab-initio labels"

    static func list(_ places: [String]) -> String {
        "step " + places.prefix(10).joined(separator: ", ") + (places.count > 10 ? " …" : "")
    }
}
