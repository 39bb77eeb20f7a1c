import Foundation

/// Files of several replicas or beads, told apart by a number: `trajectory.nc`, `trajectory-03.nc`.
struct NumberedFiles {
    let count: Int

    /// - Parameter index: from 0.
    func name(_ file: String, _ index: Int) -> String {
        let number = "\(index + 1)"
        let zeros = String(repeating: "0", count: "\(count)".count - number.count)
        let (stem, suffix) = ((file as NSString).deletingPathExtension, (file as NSString).pathExtension)
        return "\(stem)-\(zeros)\(number)" + (suffix.isEmpty ? "" : ".\(suffix)")
    }
}
