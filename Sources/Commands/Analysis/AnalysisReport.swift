/// What `apus analyze` says in short.
struct AnalysisReport: Encodable {
    struct Shell: Encodable {
        var peak, minimum, coordination: Double
        private enum CodingKeys: String, CodingKey {
            case peak = "peak_a"
            case minimum = "minimum_a"
            case coordination
        }
    }

    struct Diffusion: Encodable {
        var coefficient: Double
        var error: Double?
        var from, to: Double
        private enum CodingKeys: String, CodingKey {
            case coefficient = "cm2_per_s"
            case error = "error_cm2_per_s"
            case from = "from_ps"
            case to = "to_ps"
        }
    }

    struct Infrared: Encodable {
        var total, resolution: Double
        var pieces: Int
        private enum CodingKeys: String, CodingKey {
            case total = "total_km_per_mol"
            case resolution = "resolution_per_cm"
            case pieces
        }
    }

    struct Average: Encodable {
        var mean, error, standardDeviation, statisticalInefficiency: Double
        var blockErrors: [Double]
    }

    var trajectory: String
    var frames, atoms: Int
    /// ps
    var interval: Double
    /// By pair of elements.
    var shells: [String: Shell]?
    /// By element.
    var diffusion: [String: Diffusion]?
    /// By element in the middle, degrees.
    var meanAngles: [String: Double]?
    var infrared: Infrared?
    /// By quantity.
    var averages: [String: Average] = [:]

    private enum CodingKeys: String, CodingKey {
        case trajectory, frames, atoms
        case interval = "interval_ps"
        case shells, diffusion
        case meanAngles = "mean_angles_degrees"
        case infrared, averages
    }

    init(trajectory: String, frames: Int, atoms: Int, interval: Double) {
        self.trajectory = trajectory
        self.frames = frames
        self.atoms = atoms
        self.interval = interval
    }

    var lines: [String] {
        var lines = [
            "\(trajectory): \(frames) frames of \(Written.count(atoms, "atom")), \(Written.short(interval, 6)) ps apart"
        ]
        if let shells, !shells.isEmpty {
            var rows = [["pair", "first peak, Å", "first minimum, Å", "neighbours up to it"]]
            for (name, shell) in shells.sorted(by: { $0.key < $1.key }) {
                rows.append([
                    name, Written.fixed(shell.peak, 3), Written.fixed(shell.minimum, 3),
                    Written.fixed(shell.coordination, 2),
                ])
            }
            lines += [""] + Terminal.table(rows)
        }
        if let diffusion, !diffusion.isEmpty {
            var rows = [["element", "diffusion, cm²/s", "error", "fitted, ps"]]
            for (name, found) in diffusion.sorted(by: { $0.key < $1.key }) {
                rows.append([
                    name, Written.scientific(found.coefficient), Written.scientific(found.error),
                    "\(Written.short(found.from, 3))…\(Written.short(found.to, 3))",
                ])
            }
            lines += [""] + Terminal.table(rows)
        }
        if let infrared {
            lines += [
                "",
                "infrared absorption \(Written.short(infrared.total, 4)) km/mol in all, lines \(Written.short(infrared.resolution, 3)) 1/cm wide, from \(Written.count(infrared.pieces, "piece")) of the trajectory",
            ]
        }
        if !averages.isEmpty {
            var rows = [["average", "mean", "error", "deviation", "frames for an independent one"]]
            for (name, found) in averages.sorted(by: { $0.key < $1.key }) {
                rows.append([
                    name, Written.short(found.mean, 7), Written.short(found.error, 2),
                    Written.short(found.standardDeviation, 4), Written.fixed(found.statisticalInefficiency, 1),
                ])
            }
            lines += [""] + Terminal.table(rows)
        }
        return lines
    }
}
