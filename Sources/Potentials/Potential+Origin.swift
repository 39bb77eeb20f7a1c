extension Potential {
    /// What a potential was that another program trained, as far as it is known.
    public struct Origin: Codable, Sendable, Equatable {
        public var name: String
        /// The program and its version.
        public var program = ""
        /// The file's name and its SHA-256, in hexadecimal.
        public var file = ""
        public var sha256 = ""
        /// The level of theory that was chosen, where the file has several.
        public var modality: String?
        public var license: String?
        public var citation: String?
        public var trainingData: String?

        public init(name: String) { self.name = name }

        /// As `(title, text)`, for people.
        public var lines: [(title: String, text: String)] {
            var lines = [("origin", "\(name), \(program), \(file) (SHA-256 \(sha256.prefix(12))…)")]
            for (title, text) in [
                ("modality", modality), ("license", license), ("citation", citation), ("trained on", trainingData),
            ] {
                if let text { lines.append((title, text)) }
            }
            if license == nil { lines.append(("license", "not stated in the file: see where it comes from")) }
            return lines
        }
    }
}
