import CApus
import Foundation
import Interactions
import Neighbors
import Potentials

/// Why a call failed: its status, and the message that `apus_last_error` returns.
struct Failure: Error {
    let status: apus_status
    let message: String

    init(_ status: apus_status, _ message: String) {
        self.status = status
        self.message = message
    }

    static func argument(_ message: String) -> Failure { Failure(APUS_ERROR_ARGUMENT, message) }

    /// What another error means to a host.
    init(_ error: any Error) {
        switch error {
        case let error as Failure: self = error
        case let error as StructureEvaluationError:
            let cause = Failure(error.cause)
            self.init(cause.status, "structure \(error.index + 1): \(cause.message)")
        case let error as InteractionError:
            let status =
                switch error.code {
                case .unknownElement: APUS_ERROR_ELEMENT
                case .notFinite: APUS_ERROR_NOT_FINITE
                case .invalidParameter, .notPredicted: APUS_ERROR_ARGUMENT
                }
            self.init(status, error.message)
        case let error as NeighborError:
            self.init(error.code == .index ? APUS_ERROR_ARGUMENT : APUS_ERROR_STRUCTURE, error.message)
        case let error as PotentialError: self.init(APUS_ERROR_FILE, error.message)
        default: self.init(APUS_ERROR_OTHER, "\(error)")
        }
    }
}

/// The message of the last failure in each thread, as a C string that lives until the next one.
enum LastError {
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        let status = pthread_key_create(&key) { free($0) }
        precondition(status == 0, "expected a place for messages of threads, got error \(status)")
        return key
    }()

    static func set(_ message: String) {
        free(pthread_getspecific(key))
        pthread_setspecific(key, strdup(message))
    }

    static var message: UnsafePointer<CChar> {
        guard let text = pthread_getspecific(key) else { return empty }
        return UnsafePointer(text.assumingMemoryBound(to: CChar.self))
    }

    private nonisolated(unsafe) static let empty = UnsafePointer(strdup("")!)
}

/// Calls `body`; its failure becomes a status and a message.
func reporting(_ body: () throws -> Void) -> apus_status {
    do {
        try body()
        return APUS_OK
    } catch {
        let failure = Failure(error)
        LastError.set(failure.message)
        return failure.status
    }
}

/// Objects behind the pointers that C programs hold.
enum Handle {
    static func make(_ object: AnyObject) -> OpaquePointer {
        OpaquePointer(Unmanaged.passRetained(object).toOpaque())
    }

    static func object<Object: AnyObject>(_ handle: OpaquePointer, as type: Object.Type = Object.self) -> Object {
        Unmanaged<Object>.fromOpaque(UnsafeRawPointer(handle)).takeUnretainedValue()
    }

    static func release(_ handle: OpaquePointer?) {
        guard let handle else { return }
        Unmanaged<AnyObject>.fromOpaque(UnsafeRawPointer(handle)).release()
    }
}

extension Optional {
    /// What a pointer points to. Throws where it is null.
    func orFailure(_ name: String) throws -> Wrapped {
        guard let self else { throw Failure.argument("expected \(name), found a null pointer") }
        return self
    }
}
