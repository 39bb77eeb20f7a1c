import CXML

/// What an XML file holds, told piece by piece while it is read.
protocol XMLContent: AnyObject {
    func begin(_ element: String, attributes: XMLAttributes)
    func end(_ element: String)
    /// Text between them, which may come in several pieces.
    func text(_ bytes: UnsafeBufferPointer<UInt8>)
}

/// The attributes of an element, while it begins.
struct XMLAttributes {
    fileprivate let count: Int
    fileprivate let pointers: UnsafeMutablePointer<UnsafePointer<UInt8>?>?

    subscript(name: StaticString) -> String? {
        for index in 0..<count {
            // Name, prefix, URI, and where the value begins and ends.
            guard let pointers, let key = pointers[5 * index], let first = pointers[5 * index + 3],
                let end = pointers[5 * index + 4]
            else { continue }
            let size = name.utf8CodeUnitCount
            guard strncmp(key, name.utf8Start, size) == 0, key[size] == 0 else { continue }
            return String(decoding: UnsafeBufferPointer(start: first, count: end - first), as: UTF8.self)
        }
        return nil
    }

    private func strncmp(_ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>, _ count: Int) -> Int {
        for place in 0..<count where a[place] != b[place] || a[place] == 0 { return 1 }
        return 0
    }
}

/// libxml2's push parser: takes a file line by line, so that memory does not grow with it. Entities are not expanded
/// and nothing is loaded from elsewhere.
final class XMLPushParser {
    private let content: any XMLContent
    private var context: xmlParserCtxtPtr?

    init(_ content: any XMLContent) { self.content = content }

    deinit { if let context { xmlFreeParserCtxt(context) } }

    /// Takes some bytes. Returns what is wrong with them, and nothing otherwise.
    func take(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
        if context == nil { context = makeContext() }
        guard let context else { return "there is no memory for a parser of XML" }
        let status = bytes.withMemoryRebound(to: CChar.self) {
            xmlParseChunk(context, $0.baseAddress, CInt($0.count), 0)
        }
        guard status != 0 else { return nil }
        let words = xmlCtxtGetLastError(context).flatMap { $0.pointee.message.map { String(cString: $0) } }
        return (words ?? "it is no XML").split(whereSeparator: \.isNewline).joined(separator: " ")
    }

    /// Takes the present line with its end. Throws a `FormatProblem` where it is no XML.
    func take(lineOf lines: borrowing LineReader) throws {
        let line = lines.lineWithEnd
        let problem = lines.buffer.withUnsafeBufferPointer { take(UnsafeBufferPointer(rebasing: $0[line])) }
        if let problem {
            throw FormatProblem("expected XML, found a mistake in it: \(problem)")
        }
    }

    private func makeContext() -> xmlParserCtxtPtr? {
        var handler = xmlSAXHandler()
        handler.initialized = XML_SAX2_MAGIC
        handler.startElementNs = { data, name, _, _, _, _, count, _, attributes in
            guard let name else { return }
            XMLPushParser.content(data).begin(
                String(cString: name), attributes: XMLAttributes(count: Int(count), pointers: attributes))
        }
        handler.endElementNs = { data, name, _, _ in
            if let name { XMLPushParser.content(data).end(String(cString: name)) }
        }
        handler.characters = { data, bytes, count in
            XMLPushParser.content(data).text(UnsafeBufferPointer(start: bytes, count: Int(count)))
        }
        // Errors are asked for, not printed.
        handler.serror = { _, _ in }
        let context = xmlCreatePushParserCtxt(&handler, Unmanaged.passUnretained(self).toOpaque(), nil, 0, nil)
        if let context { xmlCtxtUseOptions(context, CInt(XML_PARSE_NONET.rawValue)) }
        return context
    }

    private static func content(_ data: UnsafeMutableRawPointer?) -> any XMLContent {
        Unmanaged<XMLPushParser>.fromOpaque(data!).takeUnretainedValue().content
    }
}
