import Foundation

/// The ranks of `mpirun`, through OpenMPI's library, which is opened when it is needed: without `mpirun` nobody needs
/// to have it.
///
/// The names are those of OpenMPI's binary interface (`mpi.h` of versions 3 to 5): predefined handles are addresses of
/// exported variables.
public final class MPI: Communicator {
    public let rank: Int
    public let size: Int
    private let reduce: Reduce
    private let bcast: Broadcast
    private let end: Abort
    private let finalize: Finalize
    private let explain: Explain
    nonisolated(unsafe) private let (world, float, double, sum): (Handle, Handle, Handle, Handle)

    private typealias Handle = UnsafeMutableRawPointer
    private typealias Initialize = @convention(c) (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?) -> Int32
    private typealias Ask = @convention(c) (Handle, UnsafeMutablePointer<Int32>) -> Int32
    private typealias Reduce =
        @convention(c) (
            UnsafeRawPointer, UnsafeMutableRawPointer?, Int32, Handle, Handle, Int32, Handle
        ) -> Int32
    private typealias Broadcast = @convention(c) (UnsafeMutableRawPointer, Int32, Handle, Int32, Handle) -> Int32
    private typealias Abort = @convention(c) (Handle, Int32) -> Int32
    private typealias Explain =
        @convention(c) (Int32, UnsafeMutablePointer<CChar>, UnsafeMutablePointer<Int32>) -> Int32
    private typealias Finalize = @convention(c) () -> Int32

    /// Why ranks cannot work together.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// Whether this process is one of several that `mpirun` has started.
    public static var isPresent: Bool { environment("OMPI_COMM_WORLD_SIZE") ?? environment("PMI_SIZE") ?? 1 > 1 }

    /// How many of them share this machine.
    public static var ranksOnThisMachine: Int { environment("OMPI_COMM_WORLD_LOCAL_SIZE") ?? 1 }

    private static func environment(_ name: String) -> Int? {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
    }

    /// Joins the other ranks. Throws a `Failure` that says what is missing.
    public init() throws {
        guard Self.environment("OMPI_COMM_WORLD_SIZE") != nil else {
            throw Failure(
                description:
                    "started by an mpirun that is not OpenMPI's, which is the one that is supported; use that of the package openmpi-bin"
            )
        }
        // Its plugins look for the library's own symbols, so these must be visible to all.
        guard
            let library = ["libmpi.so.40", "libmpi.so"].lazy.compactMap({ (name: String) in
                dlopen(name, RTLD_NOW | RTLD_GLOBAL)
            }).first
        else {
            throw Failure(
                description:
                    "started by mpirun, but OpenMPI's library (libmpi.so) cannot be opened: \(String(cString: dlerror()))"
            )
        }
        func symbol(_ name: String) throws -> Handle {
            guard let found = dlsym(library, name) else {
                throw Failure(description: "OpenMPI's library has no \(name); expected version 3, 4 or 5")
            }
            return found
        }
        world = try symbol("ompi_mpi_comm_world")
        float = try symbol("ompi_mpi_float")
        double = try symbol("ompi_mpi_double")
        sum = try symbol("ompi_mpi_op_sum")
        reduce = unsafeBitCast(try symbol("MPI_Reduce"), to: Reduce.self)
        bcast = unsafeBitCast(try symbol("MPI_Bcast"), to: Broadcast.self)
        end = unsafeBitCast(try symbol("MPI_Abort"), to: Abort.self)
        finalize = unsafeBitCast(try symbol("MPI_Finalize"), to: Finalize.self)
        explain = unsafeBitCast(try symbol("MPI_Error_string"), to: Explain.self)
        let initialize = unsafeBitCast(try symbol("MPI_Init"), to: Initialize.self)
        let code = initialize(nil, nil)
        guard code == 0 else { throw Failure(description: "MPI_Init failed with code \(code)") }
        var (rank, size): (Int32, Int32) = (0, 1)
        _ = unsafeBitCast(try symbol("MPI_Comm_rank"), to: Ask.self)(world, &rank)
        _ = unsafeBitCast(try symbol("MPI_Comm_size"), to: Ask.self)(world, &size)
        (self.rank, self.size) = (Int(rank), Int(size))
    }

    public func sum(_ numbers: UnsafeMutableBufferPointer<Float>) {
        sum(UnsafeMutableRawBufferPointer(numbers), float, 4)
    }
    public func sum(_ numbers: UnsafeMutableBufferPointer<Double>) {
        sum(UnsafeMutableRawBufferPointer(numbers), double, 8)
    }

    /// Summed on rank 0 and handed to all, so that no rank rounds otherwise than another.
    private func sum(_ bytes: UnsafeMutableRawBufferPointer, _ type: Handle, _ width: Int) {
        for (start, count) in Self.parts(bytes, width) {
            // MPI_IN_PLACE is 1 in OpenMPI.
            let inPlace = UnsafeMutableRawPointer(bitPattern: 1)!
            check(
                rank == 0
                    ? reduce(inPlace, start, count, type, sum, 0, world)
                    : reduce(start, nil, count, type, sum, 0, world))
            check(bcast(start, count, type, 0, world))
        }
    }

    public func broadcast(_ numbers: UnsafeMutableBufferPointer<Double>) {
        for (start, count) in Self.parts(UnsafeMutableRawBufferPointer(numbers), 8) {
            check(bcast(start, count, double, 0, world))
        }
    }

    /// Parts whose counts fit into MPI's integers.
    private static func parts(_ bytes: UnsafeMutableRawBufferPointer, _ width: Int) -> [(
        UnsafeMutableRawPointer, Int32
    )] {
        guard let start = bytes.baseAddress else { return [] }
        let (count, most) = (bytes.count / width, 1 << 28)
        return stride(from: 0, to: count, by: most).map { (start + $0 * width, Int32(min(most, count - $0))) }
    }

    /// Ends all ranks where a call has failed, with MPI's words for it.
    private func check(_ code: Int32) {
        guard code != 0 else { return }
        // MPI_MAX_ERROR_STRING is 256 in OpenMPI.
        var text = [CChar](repeating: 0, count: 1024)
        var length: Int32 = 0
        let known = explain(code, &text, &length) == 0
        let words = known ? ": " + text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) } : ""
        FileHandle.standardError.write(Data("apus: error: rank \(rank): MPI failed with code \(code)\(words)\n".utf8))
        abort()
    }

    /// Leaves the others; they must leave too.
    public func leave() { _ = finalize() }

    /// Ends all ranks, because this one cannot go on.
    public func abort() -> Never {
        _ = end(world, 1)
        exit(1)
    }
}
