import Atoms
import Foundation

/// Reads the data blocks of a CIF that hold atoms, each with its symmetry operations carried out.
struct CIFSource: DraftSource {
    private var tokens: CIFTokens
    private var isAtEnd = false
    /// Blocks passed over, for the message where none holds atoms.
    private var empty: [String] = []
    private(set) var remarks: [String] = []

    init(_ lines: LineReader) { tokens = CIFTokens(lines) }

    var path: String { tokens.lines.path }
    var line: Int? { tokens.lines.number }
    mutating func verifyRest() throws { try tokens.verifyRest() }

    mutating func next() throws -> StructureDraft? {
        while let block = try nextBlock() {
            guard let sites = block.loop(with: "_atom_site_fract_x", "_atom_site_cartn_x") else {
                empty.append(block.name)
                continue
            }
            return try draft(block, sites)
        }
        return nil
    }

    // MARK: Blocks

    private mutating func nextBlock() throws -> CIFBlock? {
        var block: CIFBlock?
        while let token = try tokens.next() {
            switch token {
            case .block(let name):
                if let block {
                    tokens.putBack(token)
                    return block
                }
                block = CIFBlock(name: name)
            case .tag(let tag):
                guard block != nil else { throw FormatProblem("expected data_… before the first tag, found \(tag)") }
                guard case .value(let value)? = try tokens.next() else {
                    throw FormatProblem("expected a value of \(tag), found none")
                }
                if let earlier = block?.items[tag], earlier != value {
                    throw FormatProblem("expected \(tag) once, found \(earlier) and \(value.prefix(60))")
                }
                block?.items[tag] = value
            case .loop:
                guard block != nil else { throw FormatProblem("expected data_… before the first loop_, found none") }
                block?.loops.append(try readLoop())
            case .value(let value):
                throw FormatProblem("expected a tag, found \"\(value.prefix(60))\"")
            case .other(let word):
                throw FormatProblem("expected data, found \(word), which dictionaries have; give a file of data")
            }
        }
        return block
    }

    private mutating func readLoop() throws -> CIFBlock.Loop {
        var loop = CIFBlock.Loop()
        while let token = try tokens.next() {
            if case .tag(let tag) = token, loop.values.isEmpty {
                loop.tags.append(tag)
                loop.line = tokens.lines.number + 1
            } else if case .value(let value) = token, !loop.tags.isEmpty {
                if loop.values.isEmpty { loop.line = tokens.lines.number }
                loop.values.append(value)
            } else {
                tokens.putBack(token)
                break
            }
        }
        guard !loop.tags.isEmpty, loop.values.count % loop.tags.count == 0 else {
            throw FormatProblem(
                "expected rows of \(loop.tags.count) values in the loop of \(loop.tags.first ?? "no tag"), found \(loop.values.count) values"
            )
        }
        return loop
    }

    // MARK: Structures

    private mutating func draft(_ block: CIFBlock, _ sites: CIFBlock.Loop) throws -> StructureDraft {
        var draft = StructureDraft()
        draft.cellWord = "_cell_length and _cell_angle"
        draft.information["comment"] = block.name
        let vectors = try cell(of: block)
        draft.vectors = vectors
        let operations = try operations(of: block)
        let inverse = vectors.inverse
        let isFractional = sites.column("_atom_site_fract_x") != nil
        let word = isFractional ? "fract" : "cartn"
        guard let columns = ["x", "y", "z"].map({ sites.column("_atom_site_\(word)_\($0)") }) as? [Int] else {
            throw FormatProblem("expected _atom_site_\(word)_x, _y and _z, found not all of them")
        }
        let formula = Self.elements(ofFormula: block.value("_chemical_formula_sum") ?? "")
        try refusePartialSites(sites)
        for row in 0..<sites.rows {
            func value(_ tag: String) -> String? {
                sites.column(tag).map { sites.values[row * sites.tags.count + $0] }.flatMap {
                    $0 == "?" || $0 == "." ? nil : $0
                }
            }
            let label = value("_atom_site_label") ?? value("_atom_site_id") ?? "\(row + 1)"
            if value("_atom_site_calc_flag") == "dum" { continue }
            let numbers = columns.map { cifNumber(sites.values[row * sites.tags.count + $0]) }
            guard let x = numbers[0], let y = numbers[1], let z = numbers[2] else {
                throw FormatProblem("expected three coordinates of site \(label), found something else")
            }
            let element: Element
            if let symbol = value("_atom_site_type_symbol") {
                element = try self.element(symbol: symbol, of: label)
            } else {
                element = try Self.element(label: label, formula: formula)
            }
            var place = SIMD3(x, y, z)
            if !isFractional { place = place * inverse }
            guard abs(place.x) < 1e6, abs(place.y) < 1e6, abs(place.z) < 1e6 else {
                throw FormatProblem("expected coordinates of site \(label) near the cell, found \(x), \(y), \(z)")
            }
            for image in try Self.orbit(of: place, under: operations, vectors, label) {
                draft.elements.append(element)
                draft.positions.append(image * vectors)
            }
            guard draft.elements.count <= Self.mostAtoms else {
                throw FormatProblem("expected at most \(Self.mostAtoms) atoms, found more")
            }
        }
        return draft
    }

    private static let mostAtoms = 10_000_000

    private func cell(of block: CIFBlock) throws -> Matrix3 {
        func number(_ tag: String) throws -> Double {
            guard let value = block.value(tag).flatMap(cifNumber) else {
                throw FormatProblem("expected a number for \(tag), found \(block.items[tag] ?? "none")")
            }
            return value
        }
        return try CellParameters.vectors(
            lengths: SIMD3(number("_cell_length_a"), number("_cell_length_b"), number("_cell_length_c")),
            angles: SIMD3(number("_cell_angle_alpha"), number("_cell_angle_beta"), number("_cell_angle_gamma")))
    }

    /// The operations that the block lists; only the identity where it states the space group P 1, or none.
    private mutating func operations(of block: CIFBlock) throws -> [SymmetryOperation] {
        let tags = ["_symmetry_equiv_pos_as_xyz", "_space_group_symop_operation_xyz"]
        var texts: [String] = []
        for tag in tags where texts.isEmpty {
            if let loop = block.loop(with: tag), let column = loop.column(tag) {
                texts = (0..<loop.rows).map { loop.values[$0 * loop.tags.count + column] }
            } else if let text = block.items[tag] {
                texts = [text]
            }
        }
        texts.removeAll { $0 == "?" || $0 == "." }
        let number = block.value("_space_group_it_number", "_symmetry_int_tables_number").flatMap { Int($0) }
        let symbol = block.value("_space_group_name_h-m_alt", "_symmetry_space_group_name_h-m")
        let isTrivial = number == 1 || symbol?.filter { $0 != " " }.uppercased() == "P1"
        let group = symbol ?? number.map { "number \($0)" }
        guard !texts.isEmpty else {
            guard group == nil || isTrivial else {
                throw FormatProblem(
                    "expected the symmetry operations of space group \(group!), found none (_space_group_symop_operation_xyz); write them into the file, or all atoms of the cell with space group P 1"
                )
            }
            if group == nil {
                remarks.append(
                    "\(path): data_\(block.name) states no space group and no operations: its sites are taken for all atoms of the cell"
                )
            }
            return [.identity]
        }
        let operations = try texts.map(SymmetryOperation.init)
        guard operations.contains(where: \.isIdentity) else {
            throw FormatProblem("expected x,y,z among the symmetry operations, found \(operations.count) others")
        }
        if operations.count == 1, let number, number > 1 {
            throw FormatProblem(
                "expected the operations of space group \(number), found x,y,z alone: they contradict each other; write all operations, or space group P 1"
            )
        }
        return operations
    }

    /// Images of a site within the cell, each once. Images closer than this are one atom on a symmetry element whose
    /// coordinates were rounded; those up to half an ångström apart cannot be two atoms.
    private static func orbit(
        of place: SIMD3<Double>, under operations: [SymmetryOperation], _ vectors: Matrix3, _ label: String
    ) throws -> [SIMD3<Double>] {
        guard operations.count > 1 else { return [place] }
        var images: [SIMD3<Double>] = []
        for operation in operations {
            var image = operation(place)
            image -= image.rounded(.down)
            var nearest = Double.infinity
            for other in images {
                let difference = image - other
                nearest = min(nearest, norm((difference - difference.rounded(.toNearestOrEven)) * vectors))
            }
            if nearest < 0.05 { continue }
            guard nearest > 0.5 else {
                throw FormatProblem(
                    "expected site \(label) either on a symmetry element or away from it, found images \(nearest) Å apart: disorder, or coordinates with too few digits; give an ordered structure"
                )
            }
            images.append(image)
        }
        return images
    }

    private func refusePartialSites(_ sites: CIFBlock.Loop) throws {
        guard let column = sites.column("_atom_site_occupancy") else { return }
        let width = sites.tags.count
        let name = sites.column("_atom_site_label") ?? 0
        var partial: [String] = []
        for row in 0..<sites.rows {
            let text = sites.values[row * width + column]
            if text == "?" || text == "." { continue }
            guard let occupancy = cifNumber(text) else {
                throw FormatProblem("expected an occupancy, found \(text)")
            }
            if abs(occupancy - 1) > 1e-3 { partial.append("\(sites.values[row * width + name]) \(occupancy)") }
        }
        guard partial.isEmpty else {
            throw FormatProblem(
                "expected sites that are occupied, found \(partial.count) that are so in part (\(partial.prefix(6).joined(separator: ", "))\(partial.count > 6 ? " …" : "")): that is an average and no structure; give one with every site occupied or not"
            )
        }
    }

    // MARK: Elements

    /// `Fe3+`, `O2-`, `Si`; D is hydrogen.
    private mutating func element(symbol: String, of label: String) throws -> Element {
        let letters = String(symbol.prefix { $0.isASCII && $0.isLetter })
        if let element = Element(letters) { return element }
        if ["D", "T"].contains(letters.uppercased()) { return Element("H")! }
        throw FormatProblem("expected the symbol of an element for site \(label), found \(symbol.prefix(20))")
    }

    /// From `Fe1`, `OW2`: two letters where the second is small; otherwise what the formula or the periodic table
    /// leaves no choice about.
    private static func element(label: String, formula: Set<Element>) throws -> Element {
        let letters = label.prefix { $0.isASCII && $0.isLetter }.prefix(2)
        let one = Element(String(letters.prefix(1)))
        let two = letters.count == 2 ? Element(String(letters)) : nil
        if let two, letters.last!.isLowercase { return two }
        var candidates = [one, two].compactMap(\.self)
        if candidates.count > 1, candidates.contains(where: formula.contains) {
            candidates = candidates.filter(formula.contains)
        }
        guard candidates.count == 1 else {
            throw FormatProblem(
                candidates.isEmpty
                    ? "expected a label that begins with an element, found \(label.prefix(20))"
                    : "expected a label that names one element, found \(label.prefix(20)), which may be \(candidates.map(\.symbol).joined(separator: " or ")); add _atom_site_type_symbol"
            )
        }
        return candidates[0]
    }

    /// Of `Li10 Ge P2 S12`.
    private static func elements(ofFormula text: String) -> Set<Element> {
        Set(text.split(whereSeparator: { !$0.isLetter }).compactMap { Element(String($0)) })
    }
}
