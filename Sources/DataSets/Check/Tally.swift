/// Structures of which something is true: how many, and the first of them.
struct Tally {
    private(set) var count = 0
    /// As many as a finding names.
    private(set) var first: [Int] = []

    static let named = 5

    var isEmpty: Bool { count == 0 }

    init() {}

    init(_ indices: some Sequence<Int>) { for index in indices { add(index) } }

    mutating func add(_ index: Int) {
        count += 1
        if first.count < Self.named { first.append(index) }
    }
}

/// The structure with the largest of some numbers; of equal ones the first.
struct Worst {
    private(set) var value = -Double.infinity
    private(set) var index: Int?

    mutating func offer(_ value: Double, at index: Int) {
        guard self.index == nil || value > self.value else { return }
        (self.value, self.index) = (value, index)
    }
}
