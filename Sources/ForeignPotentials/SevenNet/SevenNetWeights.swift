import Equivariance
import Foundation

/// The arrays of a checkpoint of SevenNet by the names that its present version gives them, as `Double`.
struct SevenNetWeights {
    private let file: TorchFile
    private let tensors: [String: TorchFile.Tensor]

    init(_ state: PickleDictionary, in file: TorchFile) {
        self.file = file
        var tensors: [String: TorchFile.Tensor] = [:]
        for entry in state.entries {
            guard let name = entry.key.text, let tensor = file.tensor(entry.value) else { continue }
            tensors[Self.present(name)] = tensor
        }
        self.tensors = tensors
    }

    /// What a module is called since version 0.10 (`sevenn/scripts/backward_compatibility.py`).
    private static func present(_ name: String) -> String {
        let old = [
            "EdgeEmbedding": "edge_embedding", "reducing nn input to hidden": "reduce_input_to_hidden",
            "reducing nn hidden to energy": "reduce_hidden_to_energy",
        ]
        let parts = name.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let module = old[parts[0]] ?? parts[0].replacingOccurrences(of: " ", with: "_")
        return ([module] + parts.dropFirst()).joined(separator: ".")
            .replacingOccurrences(of: "denumerator", with: "denominator")
    }

    func has(_ name: String) -> Bool { tensors[name].map { $0.count > 0 } ?? false }

    func values(_ name: String) throws(ForeignPotentialError) -> [Double] {
        guard let tensor = tensors[name] else {
            throw ForeignPotentialError(
                "has no array \(name), which a checkpoint of SevenNet with its configuration has")
        }
        let values = try file.values(tensor, named: name)
        guard values.allSatisfy(\.isFinite) else {
            throw ForeignPotentialError("\(name): holds numbers that are not finite")
        }
        return values
    }

    /// A matrix, row by row.
    func matrix(_ name: String, rows: Int, columns: Int? = nil) throws(ForeignPotentialError) -> WeightBlocks.Matrix {
        let numbers = try values(name)
        let columns = columns ?? numbers.count / max(rows, 1)
        guard rows > 0, numbers.count == rows * columns else {
            throw ForeignPotentialError("\(name): expected \(rows) × \(columns) numbers, found \(numbers.count)")
        }
        return WeightBlocks.Matrix(rows: rows, columns: columns, numbers: numbers)
    }

    /// The sign of a checkpoint's 3j symbols, which older versions of e3nn had otherwise; 1 where they are not stored.
    func sign(layer: Int, _ l1: Int, _ l2: Int, _ l3: Int) throws(ForeignPotentialError) -> Double {
        let name = "\(layer)_convolution.convolution._compiled_main_left_right._w3j_\(l1)_\(l2)_\(l3)"
        guard min(l1, l2, l3) > 0, has(name) else { return 1 }
        let (stored, ours) = (try values(name), Wigner3j(l1, l2, l3).values)
        guard stored.count == ours.count else { throw ForeignPotentialError("\(name): has \(stored.count) numbers") }
        for sign in [1.0, -1] where zip(stored, ours).allSatisfy({ abs($0 - sign * $1) < 1e-5 }) { return sign }
        throw ForeignPotentialError("\(name): is no 3j symbol")
    }
}
