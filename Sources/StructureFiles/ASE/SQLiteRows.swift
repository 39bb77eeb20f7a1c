import CSQLite
import Foundation

/// The rows that a query of an SQLite database gives, one after another. Nothing is written.
final class SQLiteRows {
    private var database: OpaquePointer?
    private var statement: OpaquePointer?
    /// Of a compressed database, which the library reads from memory.
    private var memory: UnsafeMutableRawBufferPointer?

    /// Throws a `FormatProblem`.
    init(_ file: ByteFile, query: String) throws {
        if file.isCompressed {
            let content = try file.wholeContent()
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(content.count, 1), alignment: 16)
            memory.copyBytes(from: content)
            self.memory = memory
            try check(sqlite3_open_v2(":memory:", &database, SQLITE_OPEN_READWRITE, nil))
            try check(
                sqlite3_deserialize(
                    database, "main", memory.baseAddress?.assumingMemoryBound(to: UInt8.self), Int64(content.count),
                    Int64(content.count), UInt32(SQLITE_DESERIALIZE_READONLY)))
        } else {
            try check(sqlite3_open_v2(file.path, &database, SQLITE_OPEN_READONLY, nil))
        }
        // A damaged database is found out, and no row grows beyond reason.
        sqlite3_extended_result_codes(database, 1)
        sqlite3_limit(database, SQLITE_LIMIT_LENGTH, 1 << 30)
        try check(sqlite3_prepare_v2(database, query, -1, &statement, nil))
    }

    deinit {
        sqlite3_finalize(statement)
        sqlite3_close(database)
        memory?.deallocate()
    }

    /// Moves to the next row; false after the last.
    func advance() throws -> Bool {
        let status = sqlite3_step(statement)
        if status == SQLITE_DONE { return false }
        guard status == SQLITE_ROW else { throw problem() }
        return true
    }

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(statement, column) == SQLITE_NULL }

    func double(_ column: Int32) -> Double? {
        let type = sqlite3_column_type(statement, column)
        return type == SQLITE_FLOAT || type == SQLITE_INTEGER ? sqlite3_column_double(statement, column) : nil
    }

    func integer(_ column: Int32) -> Int? {
        sqlite3_column_type(statement, column) == SQLITE_INTEGER ? Int(sqlite3_column_int64(statement, column)) : nil
    }

    /// Of text or a blob; nil for nothing.
    func bytes(_ column: Int32) -> [UInt8]? {
        guard !isNull(column) else { return nil }
        guard let start = sqlite3_column_blob(statement, column) else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column))))
    }

    func text(_ column: Int32) -> String? { bytes(column).map { String(decoding: $0, as: UTF8.self) } }

    private func check(_ status: Int32) throws { if status != SQLITE_OK { throw problem() } }

    private func problem() -> FormatProblem {
        let words = database.map { String(cString: sqlite3_errmsg($0)) } ?? "there is no memory"
        return FormatProblem("expected a database that SQLite can read, found: \(words)")
    }
}
