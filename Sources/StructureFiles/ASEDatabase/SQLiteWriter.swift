import CSQLite
import Foundation

/// A new SQLite database that is written in one go: statements, and rows of values.
final class SQLiteWriter {
    enum Value {
        case null
        case integer(Int)
        case real(Double)
        case text(String)
        case bytes(Data)

        static func real(orNull number: Double?) -> Value { number.map { .real($0) } ?? .null }
    }

    private let name: String
    private var database: OpaquePointer?
    private var statements: [String: OpaquePointer] = [:]

    /// - Parameter name: what the file is called in messages.
    init(_ path: String, called name: String) throws {
        self.name = name
        guard sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nil) == SQLITE_OK else {
            throw error("creating the database")
        }
        // Nobody sees the file before it is whole, so that it needs no journal.
        for line in ["PRAGMA journal_mode=OFF", "PRAGMA synchronous=OFF", "BEGIN"] { try run(line) }
    }

    deinit {
        for statement in statements.values { sqlite3_finalize(statement) }
        sqlite3_close(database)
    }

    func run(_ sql: String) throws {
        guard sqlite3_exec(database, sql, nil, nil, nil) == SQLITE_OK else { throw error("writing to it") }
    }

    /// Adds a row to a table.
    @discardableResult
    func insert(into table: String, _ values: [Value]) throws -> Int {
        let places = Array(repeating: "?", count: values.count).joined(separator: ",")
        let statement = try prepared("INSERT INTO \(table) VALUES (\(places))")
        sqlite3_reset(statement)
        // SQLite copies what it is given.
        let copies = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        for (index, value) in values.enumerated() {
            let place = Int32(index + 1)
            let code =
                switch value {
                case .null: sqlite3_bind_null(statement, place)
                case .integer(let number): sqlite3_bind_int64(statement, place, Int64(number))
                case .real(let number): sqlite3_bind_double(statement, place, number)
                case .text(let text): sqlite3_bind_text(statement, place, text, -1, copies)
                case .bytes(let data):
                    data.isEmpty
                        ? sqlite3_bind_zeroblob(statement, place, 0)
                        : data.withUnsafeBytes {
                            sqlite3_bind_blob64(statement, place, $0.baseAddress, UInt64($0.count), copies)
                        }
                }
            guard code == SQLITE_OK else { throw error("writing to it") }
        }
        guard sqlite3_step(statement) == SQLITE_DONE else { throw error("writing to it") }
        return Int(sqlite3_last_insert_rowid(database))
    }

    /// Hands everything to the operating system.
    func close() throws {
        try run("COMMIT")
        for statement in statements.values { sqlite3_finalize(statement) }
        statements = [:]
        guard sqlite3_close(database) == SQLITE_OK else { throw error("closing it") }
        database = nil
    }

    private func prepared(_ sql: String) throws -> OpaquePointer {
        if let known = statements[sql] { return known }
        var statement: OpaquePointer?
        guard sqlite3_prepare_v2(database, sql, -1, &statement, nil) == SQLITE_OK, let statement else {
            throw error("writing to it")
        }
        statements[sql] = statement
        return statement
    }

    private func error(_ action: String) -> StructureFileError {
        let reason = database.map { String(cString: sqlite3_errmsg($0)) } ?? "no memory"
        return StructureFileError(file: name, message: "SQLite says \"\(reason)\" while \(action)")
    }
}
