import Atoms

/// An expression of `StructureFilter`, as a tree.
indirect enum FilterExpression: Sendable {
    case number(Double)
    case text(String)
    case quantity(FilterQuantity)
    /// Of the information.
    case key(String)
    case count(Element)
    case has(String)
    case not(FilterExpression)
    case and(FilterExpression, FilterExpression)
    case or(FilterExpression, FilterExpression)
    case compare(FilterExpression, Comparison, FilterExpression)
    case combine(FilterExpression, Arithmetic, FilterExpression)

    enum Comparison: String, CaseIterable {
        case lessOrEqual = "<="
        case greaterOrEqual = ">="
        case equal = "=="
        case unequal = "!="
        case less = "<"
        case greater = ">"
    }

    enum Arithmetic: String, CaseIterable { case plus = "+", minus = "-", times = "*", by = "/" }

    var keys: Set<String> {
        switch self {
        case .key(let key): [key]
        case .not(let a): a.keys
        case .and(let a, let b), .or(let a, let b), .compare(let a, _, let b), .combine(let a, _, let b):
            a.keys.union(b.keys)
        case .number, .text, .quantity, .count, .has: []
        }
    }

    func value(in context: FilterContext) throws -> FilterValue {
        switch self {
        case .number(let number): return .number(number)
        case .text(let text): return .text(text)
        case .quantity(let quantity): return quantity.value(in: context)
        case .key(let key): return context.structure.information[key].map { .text($0) } ?? .unknown
        case .count(let element): return .number(Double(context.structure.elements.count { $0 == element }))
        case .has(let name):
            if let property = Property(named: name) { return .truth(context.structure.carries(property)) }
            if name == "velocities" { return .truth(context.structure.velocities != nil) }
            return .truth(context.structure.information[name] != nil)
        case .not(let a): return try a.truth(in: context).map { .truth(!$0) } ?? .unknown
        case .and(let a, let b):
            let (left, right) = (try a.truth(in: context), try b.truth(in: context))
            if left == false || right == false { return .truth(false) }
            return left == nil || right == nil ? .unknown : .truth(true)
        case .or(let a, let b):
            let (left, right) = (try a.truth(in: context), try b.truth(in: context))
            if left == true || right == true { return .truth(true) }
            return left == nil || right == nil ? .unknown : .truth(false)
        case .compare(let a, let comparison, let b):
            return try Self.compare(a.value(in: context), comparison, b.value(in: context), context)
        case .combine(let a, let operation, let b):
            guard let left = try a.number(in: context), let right = try b.number(in: context) else { return .unknown }
            switch operation {
            case .plus: return .number(left + right)
            case .minus: return .number(left - right)
            case .times: return .number(left * right)
            case .by: return .number(left / right)
            }
        }
    }

    private func truth(in context: FilterContext) throws -> Bool? {
        switch try value(in: context) {
        case .truth(let truth): return truth
        case .unknown: return nil
        case .text(let text) where ["T", "True", "true"].contains(text): return true
        case .text(let text) where ["F", "False", "false"].contains(text): return false
        case .text, .number:
            throw FilterError(
                "--where: expected a condition on both sides of and, or and behind not, found a value in \"\(context.text)\""
            )
        }
    }

    private func number(in context: FilterContext) throws -> Double? {
        switch try value(in: context) {
        case .number(let number): return number
        case .unknown: return nil
        case .text(let text): return Double(text)
        case .truth:
            throw FilterError("--where: expected numbers beside + - * /, found a condition in \"\(context.text)\"")
        }
    }

    private static func compare(
        _ a: FilterValue, _ comparison: Comparison, _ b: FilterValue, _ context: FilterContext
    ) throws -> FilterValue {
        switch (a, b) {
        case (.unknown, _), (_, .unknown): return .unknown
        case (.number(let a), .number(let b)): return .truth(comparison.holds(a, b))
        // Information is text, whatever it stands for.
        case (.text(let a), .number(let b)): return Double(a).map { .truth(comparison.holds($0, b)) } ?? .unknown
        case (.number(let a), .text(let b)): return Double(b).map { .truth(comparison.holds(a, $0)) } ?? .unknown
        case (.text(let a), .text(let b)):
            switch comparison {
            case .equal: return .truth(a == b)
            case .unequal: return .truth(a != b)
            default:
                guard let a = Double(a), let b = Double(b) else {
                    throw FilterError(
                        "--where: \(comparison.rawValue) compares numbers, found '\(a)' and '\(b)' in \"\(context.text)\""
                    )
                }
                return .truth(comparison.holds(a, b))
            }
        case (.truth(let a), .truth(let b)) where comparison == .equal || comparison == .unequal:
            return .truth((a == b) == (comparison == .equal))
        case (.truth(let a), .text(let b)) where comparison == .equal || comparison == .unequal:
            return .truth((["T", "True", "true"].contains(b) == a) == (comparison == .equal))
        case (.truth, _), (_, .truth):
            throw FilterError("--where: a condition cannot be compared with a value in \"\(context.text)\"")
        }
    }
}

extension FilterExpression.Comparison {
    func holds(_ a: Double, _ b: Double) -> Bool {
        switch self {
        case .less: a < b
        case .lessOrEqual: a <= b
        case .greater: a > b
        case .greaterOrEqual: a >= b
        case .equal: a == b
        case .unequal: a != b
        }
    }
}
