import Files
import Training

/// Errors as a table for people.
enum ErrorTable {
    /// Of the whole set, its elements, and below its groups if there are several.
    static func lines(_ errors: GroupedErrors) -> [String] {
        var lines = lines(errors.all)
        for kind in GroupedErrors.Kind.allCases where errors[kind].count > 1 {
            var rows = [
                [kind.rawValue, "structures", "energy, meV/atom", "", "forces, meV/Å", "", "stress, GPa", ""],
                ["", "", "MAE", "RMSE", "MAE", "RMSE", "MAE", "RMSE"],
            ]
            for (name, errors) in errors[kind] {
                rows.append([
                    "  \(Excerpt.of(name, limit: 40))", "\(errors.structures)", text(errors.energyMAE, 3),
                    text(errors.energyRMSE, 3),
                    text(errors.forcesMAE, 2), text(errors.forcesRMSE, 2), text(errors.stressMAE, 3),
                    text(errors.stressRMSE, 3),
                ])
            }
            lines += Terminal.table(rows)
        }
        return lines
    }

    static func lines(_ errors: ErrorMeasures) -> [String] {
        var rows = [
            ["", "MAE", "RMSE"],
            ["energy, meV/atom", text(errors.energyMAE, 3), text(errors.energyRMSE, 3)],
            ["energy, meV", "", text(errors.totalEnergyRMSE, 2)],
            ["forces, meV/Å", text(errors.forcesMAE, 2), text(errors.forcesRMSE, 2)],
        ]
        if errors.forcesRMSEByElement.count > 1 {
            rows += errors.forcesRMSEByElement.map { ["  on \($0.element)", "", text($0.error, 2)] }
        }
        rows.append(["stress, GPa", text(errors.stressMAE, 3), text(errors.stressRMSE, 3)])
        // Energies are not said to be absent where none are predicted.
        if errors.energyMAE == nil, errors.forcesMAE == nil, errors.stressMAE == nil, !errors.others.isEmpty {
            rows.removeSubrange(1...)
        }
        rows += errors.others.map { property in
            ["\(property), \(property.unit)", text(errors[property]?.mae, 4), text(errors[property]?.rmse, 4)]
        }
        return Terminal.table(rows)
    }

    /// How far the members of a committee disagree; nothing without one.
    static func lines(_ deviation: DeviationMeasures) -> [String] {
        guard !deviation.isEmpty else { return [] }
        let labels = ["deviation of energy, meV/atom", "deviation of forces, meV/Å", "largest of forces, meV/Å"]
        return ["the committee's members disagree by"]
            + Terminal.table(zip(labels, deviation.named).map { ["  " + $0, Written.fixed($1.value, 2)] })
    }

    private static func text(_ value: Double?, _ digits: Int) -> String {
        value.map { Written.fixed($0, digits) } ?? "–"
    }
}
