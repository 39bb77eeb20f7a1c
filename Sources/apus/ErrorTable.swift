import Training

/// Errors as a table for people.
enum ErrorTable {
    static func lines(_ errors: ErrorMeasures) -> [String] {
        func text(_ value: Double?, _ digits: Int) -> String { value.map { Written.fixed($0, digits) } ?? "-" }
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
        return Terminal.table(rows)
    }
}
