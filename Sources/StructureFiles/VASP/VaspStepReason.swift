/// Why an ionic step is no structure, as the end of a sentence.
enum VaspStepReason: String {
    case unconverged = "whose electrons have not converged"
    case notPrinted = "without positions, forces or energy"
    case cut = "in which the file ends"
    case unreadable = "with numbers that are none"
    case machineLearned = "of a machine-learned force field, which are no ab-initio labels"

    /// One sentence for each reason, with the steps.
    static func remarks(_ leftOut: [VaspStepReason: [String]], of steps: Int, in path: String) -> [String] {
        leftOut.sorted { $0.key.rawValue < $1.key.rawValue }.map { reason, places in
            "\(path): left out \(places.count) of \(steps) ionic steps, \(reason.rawValue): \(list(places))"
        }
    }

    static func list(_ places: [String]) -> String {
        "step " + places.prefix(10).joined(separator: ", ") + (places.count > 10 ? " …" : "")
    }
}
