import CHDF5
import Foundation

/// Shortens a file of netCDF-4, which is HDF5 inside; netCDF itself cannot.
enum NetCDF4Frames {
    static func isHDF5(_ start: some Sequence<UInt8>) -> Bool { start.starts(with: [0x89] + Array("HDF".utf8)) }

    /// Cuts all that grows with the frames, the dimension itself included, to `count` frames.
    ///
    /// - Throws: `TrajectoryError` when the file cannot be opened or changed.
    static func cut(_ path: String, to count: Int) throws {
        guard NetCDFFile.locked({ isCut(path, to: hsize_t(count)) }) else {
            throw TrajectoryError(.cannotWrite, path, "cannot shorten the file to the frames that are to be kept.")
        }
    }

    private static func isCut(_ path: String, to count: hsize_t) -> Bool {
        // Its own complaints go to the terminal otherwise.
        H5Eset_auto2(hid_t(0), nil, nil)
        let file = H5Fopen(path, CHDF5ReadWrite(), hid_t(0))
        guard file >= 0 else { return false }
        defer { H5Fclose(file) }
        var group = H5G_info_t()
        guard H5Gget_info(file, &group) >= 0 else { return false }
        return (0..<group.nlinks).allSatisfy { index in
            var name = [CChar](repeating: 0, count: 257)
            guard
                H5Lget_name_by_idx(file, ".", H5_INDEX_NAME, H5_ITER_INC, index, &name, name.count, hid_t(0)) >= 0
            else { return false }
            let object = H5Dopen2(file, name, hid_t(0))
            guard object >= 0 else { return true }
            defer { H5Dclose(object) }
            return isCut(dataset: object, to: count)
        }
    }

    /// Cuts a dataset whose first dimension has no limit.
    private static func isCut(dataset: hid_t, to count: hsize_t) -> Bool {
        let space = H5Dget_space(dataset)
        defer { H5Sclose(space) }
        let rank = Int(H5Sget_simple_extent_ndims(space))
        guard rank > 0 else { return rank == 0 }
        var (lengths, limits) = ([hsize_t](repeating: 0, count: rank), [hsize_t](repeating: 0, count: rank))
        guard H5Sget_simple_extent_dims(space, &lengths, &limits) >= 0 else { return false }
        guard limits[0] == hsize_t.max, lengths[0] > count else { return true }
        lengths[0] = count
        return H5Dset_extent(dataset, lengths) >= 0
    }
}
