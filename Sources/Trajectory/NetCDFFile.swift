import CHDF5
import CNetCDF
import Files
import Foundation
import Synchronization

/// An open netCDF file: the C calls with their errors turned into Swift's.
///
/// The library is not thread-safe, whatever the files, so one lock stands before all calls.
final class NetCDFFile {
    let path: String
    let id: Int32
    /// Whether arrays by atom are deflated: netCDF-4, which is HDF5 inside.
    private let isCompressed: Bool
    private var isOpen = true

    private static let lock: Mutex<Void> = {
        CHDF5WithoutLocks()
        return Mutex(())
    }()

    private init(path: String, id: Int32, isCompressed: Bool = false) {
        self.path = path
        self.id = id
        self.isCompressed = isCompressed
    }

    /// A new file in the 64-bit offset format (CDF-2), the only one that every reader of the AMBER convention takes, or
    /// compressed in netCDF-4 with the classic model. Variables are not filled in advance, which would write
    /// everything twice.
    static func create(_ path: String, replacing: Bool, isCompressed: Bool = false) throws -> NetCDFFile {
        var id: Int32 = 0
        let format = isCompressed ? NC_NETCDF4 | NC_CLASSIC_MODEL : NC_64BIT_OFFSET
        let status = locked {
            nc_create(FilePath.resolved(path), format | (replacing ? NC_CLOBBER : NC_NOCLOBBER), &id)
        }
        if status == NC_EEXIST {
            throw TrajectoryError(
                .exists, path, "the file exists already. Choose another name, or say that it may be overwritten.")
        }
        guard status == NC_NOERR else {
            // netCDF leaves what it could not begin.
            var left = stat()
            let target = FilePath.resolved(path)
            if lstat(target, &left) == 0, left.st_mode & S_IFMT == S_IFREG, left.st_size == 0 { unlink(target) }
            throw TrajectoryError(.cannotWrite, path, "cannot create the file: \(reason(status)).")
        }
        let file = NetCDFFile(path: path, id: id, isCompressed: isCompressed)
        var old: Int32 = 0
        try file.write("the header") { nc_set_fill(id, NC_NOFILL, &old) }
        return file
    }

    /// A file that exists, of the classic, the 64-bit offset or the netCDF-4 format.
    static func open(_ path: String, forWriting: Bool) throws -> NetCDFFile {
        try NetCDFHeader.validate(path)
        var id: Int32 = 0
        let status = locked { nc_open(path, forWriting ? NC_WRITE : NC_NOWRITE, &id) }
        guard status == NC_NOERR else {
            throw TrajectoryError(
                status == NC_ENOTNC ? .malformed : forWriting ? .cannotWrite : .cannotRead, path,
                "cannot open the file: \(reason(status)).")
        }
        let file = NetCDFFile(path: path, id: id)
        var old: Int32 = 0
        if forWriting { try file.write("the header") { nc_set_fill(id, NC_NOFILL, &old) } }
        return file
    }

    /// Runs calls that write `what`; a failure is the disk's or the caller's, and named.
    func write(_ what: @autoclosure () -> String, _ call: () -> Int32) throws {
        let status = Self.locked(call)
        guard status == NC_NOERR else {
            throw TrajectoryError(.cannotWrite, path, "cannot write \(what()): \(Self.reason(status)).")
        }
    }

    /// Runs calls that read `what`.
    func read(_ what: @autoclosure () -> String, _ call: () -> Int32) throws {
        let status = Self.locked(call)
        guard status == NC_NOERR else {
            throw TrajectoryError(.malformed, path, "cannot read \(what()): \(Self.reason(status)).")
        }
    }

    func close() throws {
        guard isOpen else { return }
        isOpen = false
        try write("the end of the file") { nc_close(id) }
    }

    deinit { if isOpen { _ = Self.locked { nc_close(id) } } }

    /// Alone among calls of netCDF, and of HDF5, which lies under netCDF-4.
    static func locked<Result: Sendable>(_ call: () -> Result) -> Result { lock.withLock { _ in call() } }
    private static func reason(_ status: Int32) -> String { String(cString: nc_strerror(status)) }
}

// MARK: - Definitions

extension NetCDFFile {
    func defineDimension(_ name: String, _ length: Int) throws -> Int32 {
        var dimension: Int32 = 0
        try write("dimension \(name)") { nc_def_dim(id, name, length, &dimension) }
        return dimension
    }

    @discardableResult
    func defineVariable(_ name: String, _ type: nc_type, _ dimensions: [Int32], units: String? = nil) throws -> Int32
    {
        var variable: Int32 = 0
        try write("variable \(name)") { nc_def_var(id, name, type, Int32(dimensions.count), dimensions, &variable) }
        if let units { try setAttribute("units", units, of: variable) }
        return variable
    }

    /// Numbers of one frame and of all atoms are a chunk, deflated by itself where the file is compressed.
    func compress(_ variable: Int32, chunk: [Int]) throws {
        guard isCompressed else { return }
        try write("a variable") { nc_def_var_chunking(id, variable, Int32(NC_CHUNKED), chunk) }
        // Level 1 with bytes of a kind side by side; higher levels take twice the time for a percent.
        try write("a variable") { nc_def_var_deflate(id, variable, 1, 1, 1) }
    }

    func setAttribute(_ name: String, _ text: String, of variable: Int32 = NC_GLOBAL) throws {
        try write("attribute \(name)") { nc_put_att_text(id, variable, name, text.utf8.count, text) }
    }
}

// MARK: - Enquiries

extension NetCDFFile {
    /// The length of a dimension, `nil` when it is not there.
    func length(of dimension: String) throws -> Int? {
        var number: Int32 = 0
        guard Self.locked({ nc_inq_dimid(id, dimension, &number) }) == NC_NOERR else { return nil }
        var length = 0
        try read("dimension \(dimension)") { nc_inq_dimlen(id, number, &length) }
        return length
    }

    func variable(_ name: String) -> Int32? {
        var number: Int32 = 0
        return Self.locked { nc_inq_varid(id, name, &number) } == NC_NOERR ? number : nil
    }

    /// The lengths of the dimensions of a variable.
    func shape(of variable: Int32) throws -> [Int] {
        var rank: Int32 = 0
        try read("a variable") { nc_inq_varndims(id, variable, &rank) }
        var dimensions = [Int32](repeating: 0, count: Int(rank))
        try read("a variable") { nc_inq_vardimid(id, variable, &dimensions) }
        return try dimensions.map { dimension in
            var length = 0
            try read("a dimension") { nc_inq_dimlen(id, dimension, &length) }
            return length
        }
    }

    /// A text attribute, `nil` when it is not there or not a text of reasonable length.
    func text(_ name: String, of variable: Int32 = NC_GLOBAL) -> String? {
        var (type, length): (nc_type, Int) = (0, 0)
        guard Self.locked({ nc_inq_att(id, variable, name, &type, &length) }) == NC_NOERR, type == NC_CHAR,
            length < 1 << 16
        else { return nil }
        var bytes = [CChar](repeating: 0, count: length)
        guard Self.locked({ nc_get_att_text(id, variable, name, &bytes) }) == NC_NOERR else { return nil }
        return String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// A numeric attribute, `nil` when it is not there or not one number.
    func number(_ name: String, of variable: Int32) -> Double? {
        var (type, length): (nc_type, Int) = (0, 0)
        guard Self.locked({ nc_inq_att(id, variable, name, &type, &length) }) == NC_NOERR, type != NC_CHAR,
            length == 1
        else { return nil }
        var value = 0.0
        return Self.locked { nc_get_att_double(id, variable, name, &value) } == NC_NOERR ? value : nil
    }
}
