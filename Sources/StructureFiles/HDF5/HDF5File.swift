import CHDF5
import Foundation

/// A file of HDF5, opened for reading by HDF5's library, which serves one thread at a time.
final class HDF5File: @unchecked Sendable {
    private static let lock: NSRecursiveLock = {
        CHDF5WithoutLocks()
        return NSRecursiveLock()
    }()
    let path: String
    private let root: hid_t

    /// Nothing is read into memory beyond this many numbers at once.
    private static let mostNumbers = 1 << 28

    /// Throws a `FormatProblem`.
    init(_ file: ByteFile) throws {
        path = file.path
        Self.lock.lock()
        defer { Self.lock.unlock() }
        // Errors are asked for, not printed.
        H5Eset_auto2(hid_t(0), nil, nil)
        if file.isCompressed {
            throw FormatProblem("is a compressed file of HDF5, which has compression of its own; decompress it first")
        }
        root = H5Fopen(file.path, 0, hid_t(0))
        guard root >= 0 else {
            throw FormatProblem(
                "expected a file of HDF5, found one that its library cannot open: it is damaged or cut off")
        }
    }

    deinit {
        Self.lock.lock()
        H5Fclose(root)
        Self.lock.unlock()
    }

    enum Kind { case group, dataset, other }

    private func locked<T>(_ body: () throws -> T) rethrows -> T {
        Self.lock.lock()
        defer { Self.lock.unlock() }
        return try body()
    }

    /// Names in a group, in alphabetical order.
    func names(in group: String) throws -> [String] {
        try locked {
            let id = H5Gopen2(root, group, hid_t(0))
            guard id >= 0 else { throw FormatProblem("expected a group \(group), found none that can be read") }
            defer { H5Gclose(id) }
            var info = H5G_info_t()
            guard H5Gget_info(id, &info) >= 0, info.nlinks < 100_000_000 else {
                throw FormatProblem("expected a group \(group), found none that can be read")
            }
            return try (0..<info.nlinks).map { index in
                let length = H5Lget_name_by_idx(id, ".", H5_INDEX_NAME, H5_ITER_INC, hsize_t(index), nil, 0, hid_t(0))
                guard length >= 0, length < 65536 else {
                    throw FormatProblem("expected names in group \(group), found none")
                }
                var name = [CChar](repeating: 0, count: Int(length) + 1)
                H5Lget_name_by_idx(
                    id, ".", H5_INDEX_NAME, H5_ITER_INC, hsize_t(index), &name, Int(length) + 1, hid_t(0))
                return String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            }
        }
    }

    func kind(of object: String) -> Kind {
        locked {
            let id = H5Oopen(root, object, hid_t(0))
            guard id >= 0 else { return .other }
            defer { H5Oclose(id) }
            return H5Iget_type(id) == H5I_GROUP ? .group : H5Iget_type(id) == H5I_DATASET ? .dataset : .other
        }
    }

    /// Lengths along the axes of a dataset.
    func shape(of dataset: String) throws -> [Int] {
        try locked {
            let id = H5Dopen2(root, dataset, hid_t(0))
            guard id >= 0 else { throw FormatProblem("expected a dataset \(dataset), found none that can be read") }
            defer { H5Dclose(id) }
            return try shape(id, dataset)
        }
    }

    private func shape(_ id: hid_t, _ dataset: String) throws -> [Int] {
        let space = H5Dget_space(id)
        defer { H5Sclose(space) }
        let rank = H5Sget_simple_extent_ndims(space)
        guard rank >= 0, rank <= 32 else { throw FormatProblem("expected the shape of \(dataset), found none") }
        var lengths = [hsize_t](repeating: 0, count: max(1, Int(rank)))
        H5Sget_simple_extent_dims(space, &lengths, nil)
        return try lengths.prefix(Int(rank)).map {
            guard $0 < 1 << 40 else {
                throw FormatProblem("expected a shape of \(dataset) within reason, found \($0)")
            }
            return Int($0)
        }
    }

    /// All numbers of a dataset, row by row.
    func numbers(_ dataset: String) throws -> (shape: [Int], numbers: [Double]) {
        try locked {
            let id = H5Dopen2(root, dataset, hid_t(0))
            guard id >= 0 else { throw FormatProblem("expected a dataset \(dataset), found none that can be read") }
            defer { H5Dclose(id) }
            let shape = try shape(id, dataset)
            var count = 1
            for length in shape {
                let (product, overflow) = count.multipliedReportingOverflow(by: length)
                guard !overflow, product <= Self.mostNumbers else {
                    throw FormatProblem(
                        "expected at most \(Self.mostNumbers) numbers in \(dataset), found shape \(shape)")
                }
                count = product
            }
            let type = H5Dget_type(id)
            defer { H5Tclose(type) }
            let kind = H5Tget_class(type)
            guard kind == H5T_FLOAT || kind == H5T_INTEGER else {
                throw FormatProblem("expected numbers in \(dataset), found something else")
            }
            // Of what was never written HDF5 makes numbers without a file behind them.
            guard count == 0 || H5Dget_storage_size(id) > 0 else {
                throw FormatProblem("expected numbers in \(dataset), found none that were written")
            }
            let numbers = try [Double](unsafeUninitializedCapacity: count) { target, filled in
                guard count > 0 else { return }
                guard H5Dread(id, CHDF5NativeDouble(), hid_t(0), hid_t(0), hid_t(0), target.baseAddress) >= 0 else {
                    throw FormatProblem(
                        "expected the numbers of \(dataset), found a part that cannot be read: the file is damaged")
                }
                filled = count
            }
            return (shape, numbers)
        }
    }

    /// The texts of a dataset, or of an attribute of it.
    func texts(_ dataset: String, attribute: String? = nil) -> [String]? {
        locked {
            let object = H5Dopen2(root, dataset, hid_t(0))
            guard object >= 0 else { return nil }
            defer { H5Dclose(object) }
            let id: hid_t
            if let attribute {
                guard H5Aexists(object, attribute) > 0 else { return nil }
                id = H5Aopen(object, attribute, hid_t(0))
                guard id >= 0 else { return nil }
            } else {
                id = object
            }
            defer { if attribute != nil { H5Aclose(id) } }
            let type = attribute == nil ? H5Dget_type(id) : H5Aget_type(id)
            let space = attribute == nil ? H5Dget_space(id) : H5Aget_space(id)
            defer {
                H5Tclose(type)
                H5Sclose(space)
            }
            let count = Int(H5Sget_simple_extent_npoints(space))
            guard H5Tget_class(type) == H5T_STRING, count > 0, count <= 1_000_000 else { return nil }
            func read(_ memory: hid_t, _ buffer: UnsafeMutableRawPointer) -> Bool {
                attribute == nil
                    ? H5Dread(id, memory, hid_t(0), hid_t(0), hid_t(0), buffer) >= 0
                    : H5Aread(id, memory, buffer) >= 0
            }
            if H5Tis_variable_str(type) > 0 {
                var pointers = [UnsafeMutablePointer<CChar>?](repeating: nil, count: count)
                let memory = H5Tcopy(type)
                defer { H5Tclose(memory) }
                guard pointers.withUnsafeMutableBytes({ read(memory, $0.baseAddress!) }) else { return nil }
                return pointers.map { pointer in
                    defer { if let pointer { H5free_memory(pointer) } }
                    return pointer.map { String(cString: $0) } ?? ""
                }
            }
            let size = H5Tget_size(type)
            guard size > 0, size <= 4096 else { return nil }
            var bytes = [UInt8](repeating: 0, count: size * count)
            guard bytes.withUnsafeMutableBytes({ read(type, $0.baseAddress!) }) else { return nil }
            return (0..<count).map {
                String(decoding: bytes[$0 * size..<($0 + 1) * size].prefix { $0 != 0 }, as: UTF8.self)
            }
        }
    }
}
