/// The word that was probably meant: the one with the fewest edits, if they are few for its length.
public func nearest(to word: String, among words: [String]) -> String? {
    func plain(_ text: String) -> [Character] { Array(text.lowercased().replacing("-", with: "_")) }
    let written = plain(word)
    let candidates = words.map { (word: $0, distance: editDistance(written, plain($0))) }
    guard let best = candidates.min(by: { $0.distance < $1.distance }) else { return nil }
    return best.distance <= max(1, min(written.count, best.word.count) / 3) ? best.word : nil
}

/// Insertions, deletions, replacements and exchanges of neighbours that turn one text into the other (the optimal
/// string alignment distance).
private func editDistance(_ a: [Character], _ b: [Character]) -> Int {
    var table = [Array(0...b.count)]
    for i in 0..<a.count {
        var row = [i + 1]
        for j in 0..<b.count {
            var least = min(table[i][j] + (a[i] == b[j] ? 0 : 1), table[i][j + 1] + 1, row[j] + 1)
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, table[i - 1][j - 1] + 1) }
            row.append(least)
        }
        table.append(row)
    }
    return table[a.count][b.count]
}
