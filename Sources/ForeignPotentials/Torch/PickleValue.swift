/// What a pickle holds, as data.
enum PickleValue {
    case none
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case bytes([UInt8])
    case list(PickleList)
    case tuple(PickleList)
    case dictionary(PickleDictionary)
    /// The name of a class or function, which is never looked up.
    case name(PickleName)
    /// What a function would make of arguments; it is not called.
    case object(PickleObject)
    /// What the archive holds elsewhere.
    case reference(PickleReference)
}

struct PickleName: Hashable, CustomStringConvertible {
    var module: String
    var name: String
    var description: String { "\(module).\(name)" }
}

/// Classes, since a pickle changes containers after it has named them.
final class PickleList {
    var items: [PickleValue]
    init(_ items: [PickleValue] = []) { self.items = items }
}

final class PickleDictionary {
    var entries: [(key: PickleValue, value: PickleValue)] = []

    /// The last value of a text.
    subscript(key: String) -> PickleValue? {
        entries.last { if case .text(key) = $0.key { true } else { false } }?.value
    }
}

final class PickleObject {
    let maker: PickleName
    fileprivate(set) var arguments: [PickleValue]
    var state: PickleValue?

    init(_ maker: PickleName, _ arguments: [PickleValue]) { (self.maker, self.arguments) = (maker, arguments) }
}

/// An identifier outside of the pickle.
final class PickleReference {
    fileprivate(set) var identifier: [PickleValue]
    init(_ identifier: [PickleValue]) { self.identifier = identifier }
}

extension PickleValue {
    var text: String? { if case .text(let text) = self { text } else { nil } }
    var boolean: Bool? { if case .boolean(let value) = self { value } else { nil } }
    var integer: Int? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int(exactly: value)
        default: nil
        }
    }
    var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }
    /// Of a list or tuple.
    var items: [PickleValue]? {
        switch self {
        case .list(let list): list.items
        case .tuple(let list): list.items
        default: nil
        }
    }
    /// Of a dictionary, also one that keeps its order.
    var dictionary: PickleDictionary? {
        switch self {
        case .dictionary(let dictionary): dictionary
        case .object(let object) where object.maker == PickleName(module: "collections", name: "OrderedDict"):
            object.state?.dictionary ?? PickleDictionary()
        default: nil
        }
    }
    var isNone: Bool { if case .none = self { true } else { false } }
}

/// A pickle's content. It holds all containers side by side and takes them apart before it goes, since containers in
/// containers without end would otherwise be released by calls in calls without end.
final class PickleDocument {
    fileprivate(set) var content = PickleValue.none
    private var containers: [AnyObject] = []

    func hold<Container: AnyObject>(_ container: Container) -> Container {
        containers.append(container)
        return container
    }

    func finish(_ content: PickleValue) { self.content = content }

    deinit {
        content = .none
        for container in containers {
            switch container {
            case let list as PickleList: list.items = []
            case let dictionary as PickleDictionary: dictionary.entries = []
            case let object as PickleObject: (object.arguments, object.state) = ([], nil)
            case let reference as PickleReference: reference.identifier = []
            default: break
            }
        }
    }
}
