import Dynamics
import Settings

extension MDSettings {
    /// `fixed: {indices: "1-8, 12", axes: z}`, or a list of such: atoms by their numbers from 1, and along which axes.
    struct FixedSelection {
        var ranges: [ClosedRange<Int>]
        var axes: String
        var place: SettingsPlace

        init(_ settings: Settings) throws {
            let value = try settings.value("indices", expected: "numbers of atoms such as \"1-8, 12\"")
            place = value.place
            let text = try value.isList ? value.list().map { try $0.string() }.joined(separator: ",") : value.string()
            ranges = try text.split(separator: ",").map { part in
                let ends = part.split(separator: "-", omittingEmptySubsequences: false).map {
                    Int($0.filter { !$0.isWhitespace })
                }
                guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first >= 1,
                    last >= first
                else {
                    throw value.error("expected numbers of atoms from 1, such as \"1-8, 12\", found '\(part)'")
                }
                return first...last
            }
            guard !ranges.isEmpty else {
                throw value.error("expected numbers of atoms such as \"1-8, 12\", found none")
            }
            axes = try settings.string("axes", default: "xyz").filter { !" ,".contains($0) }
            guard !axes.isEmpty, axes.allSatisfy({ "xyz".contains($0) }), Set(axes).count == axes.count else {
                throw try settings.value("axes").error(
                    "expected some of x, y and z, along which they are fixed, found '\(axes)'")
            }
        }
    }

    static func fixed(_ settings: Settings) throws -> [FixedSelection] {
        try settings.optional("fixed")?.oneOrMore().map { try FixedSelection($0.section()) } ?? []
    }

    /// Throws when there are not so many atoms.
    func fixedAtoms(of count: Int) throws -> FixedAtoms {
        var fixed = FixedAtoms()
        for selection in fixedSelections {
            for range in selection.ranges {
                guard range.upperBound <= count else {
                    throw selection.place.error(
                        "expected numbers of 1…\(count), the atoms that are simulated, found \(range.upperBound)")
                }
                for atom in range {
                    fixed.fix(
                        atom - 1, x: selection.axes.contains("x"), y: selection.axes.contains("y"),
                        z: selection.axes.contains("z"))
                }
            }
        }
        return fixed
    }
}
