import Compute

/// A table whose rows come one after the other: columns of fixed width, with a title and a unit above each.
struct RunningTable<Row> {
    struct Column {
        var title: String
        var unit = ""
        var width: Int
        var cell: (Row) -> String
    }

    private let columns: [Column]

    init(_ columns: [Column]) { self.columns = columns }

    /// Titles and units.
    var header: [String] { [aligned(columns.map(\.title)), aligned(columns.map(\.unit))] }

    func line(_ row: Row) -> String { aligned(columns.map { $0.cell(row) }) }

    private func aligned(_ cells: [String]) -> String {
        zip(columns, cells).map { column, cell in
            String(repeating: " ", count: max(0, column.width - cell.count)) + cell
        }.joined(separator: " ")
    }
}

/// The line below a table that keeps moving where a person watches, some three times a second.
struct StatusLine {
    private let watch = Stopwatch()
    private var last = -1.0

    mutating func show(_ text: @autoclosure () -> String) {
        guard Terminal.isInteractive else { return }
        let now = watch.seconds
        guard now - last > 0.3 else { return }
        last = now
        Terminal.status(text())
    }
}
