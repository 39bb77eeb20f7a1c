import CNetCDF

extension NetCDFTrajectoryReader {
    /// A variable of the file: what it is called, its unit, and the lengths of its dimensions, frames first.
    public struct Variable: Sendable {
        public var name: String
        public var units: String?
        public var shape: [Int]
    }

    /// All variables in the order of the file.
    ///
    /// - Throws: `TrajectoryError` when the header cannot be read.
    public func variables() throws -> [Variable] {
        try file.variableNames().map { name in
            let number = file.variable(name)!
            return Variable(name: name, units: file.text("units", of: number), shape: try file.shape(of: number))
        }
    }
}

extension NetCDFFile {
    fileprivate func variableNames() throws -> [String] {
        var count: Int32 = 0
        try read("the variables") { nc_inq_nvars(id, &count) }
        return try (0..<count).map(name)
    }

    func name(of variable: Int32) throws -> String {
        var name = [CChar](repeating: 0, count: Int(NC_MAX_NAME) + 1)
        try read("a variable") { nc_inq_varname(id, variable, &name) }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
