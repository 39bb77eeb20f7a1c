import Dynamics
import Settings

extension MDSettings {
    /// Throws for keys that do not go with one another; brings intervals that have no key to whole long timesteps.
    mutating func checkWhatGoesTogether(_ settings: Settings) throws {
        for key in ["replicas", "tempering"] {
            if let value = settings.optional(key) {
                throw value.error("expected a run of one structure here, found several replicas")
            }
        }
        if let count = potential.shortSteps {
            try align(settings, count)
            try refuse(["constraints", "plumed"], beside: "two timesteps", settings)
        }
        let ownsForces = potential.shortSteps != nil || pathIntegral != nil
        if let properties = trajectory?.properties, properties != .none, ownsForces {
            throw try settings.section("trajectory").value("properties").error(
                "expected false beside \(pathIntegral != nil ? "path_integral" : "two timesteps")")
        }
        guard pathIntegral != nil, let value = settings.optional("path_integral") else { return }
        try refuse(["restraints", "walls", "plumed", "constraints", "max_time"], beside: "path_integral", settings)
        if potential.shortSteps != nil {
            throw value.error("expected one potential beside path_integral, found two timesteps")
        }
        if removesRotation {
            throw try settings.value("remove_rotation").error("expected false beside path_integral: its rings rotate")
        }
        if velocitySource == .structure {
            throw try settings.section("velocities").value("from").error(
                "expected random or zero beside path_integral, whose beads have velocities of their own")
        }
        if candidates != nil {
            throw try settings.value("candidates").error("expected none beside path_integral")
        }
    }

    private func refuse(_ keys: [String], beside other: String, _ settings: Settings) throws {
        for key in keys {
            if let value = settings.optional(key) { throw value.error("expected none beside \(other)") }
        }
    }

    /// The energy of the dear potential is known after whole long timesteps only.
    private mutating func align(_ settings: Settings, _ count: Int) throws {
        func check(_ value: SettingsValue?, _ number: Int?) throws {
            guard let value, let number, !number.isMultiple(of: count) else { return }
            throw value.error(
                "expected a multiple of potential.every (\(count) steps), after which energies are known, found \(number)"
            )
        }
        func every(_ key: String) -> SettingsValue? {
            settings.optional(key).flatMap { $0.isSection ? try? $0.section().optional("every") : nil }
        }
        try check(settings.optional("steps"), steps)
        try check(every("thermo"), thermo?.every)
        try check(every("trajectory"), trajectory?.stream.every)
        try check(every("candidates"), candidates?.stream.every)
        try check(every("checkpoint"), checkpoint?.every)
        try check(settings.optional("report_every"), reportEvery)
        func whole(_ number: Int) -> Int { (number + count - 1) / count * count }
        reportEvery = whole(reportEvery)
        if let every = checkpoint?.every { checkpoint?.every = whole(every) }
        if let every = candidates?.stream.every { candidates?.stream.every = whole(every) }
    }
}
