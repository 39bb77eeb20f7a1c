/// A method that leads a band to where its forces vanish. These are no derivatives of an energy, so that none is asked
/// for.
protocol BandMinimizer {
    /// The next step of all images.
    ///
    /// - Parameter limit: what may be taken of a step.
    mutating func step(along force: [Double], limit: ([Double]) -> [Double]) -> [Double]
    /// The last step led where there is no energy and is taken again, so much of it.
    mutating func shorten(by factor: Double)
    /// The forces have another meaning from here on.
    mutating func forget()
}

/// `FIRE` of all images together.
struct BandFIRE: BandMinimizer {
    private var fire = FIRE()

    mutating func step(along force: [Double], limit: ([Double]) -> [Double]) -> [Double] {
        fire.next(energyChange: 0, gradient: force.map { -$0 }, limit: limit).step
    }

    mutating func shorten(by factor: Double) { fire.shorten(by: factor) }
    mutating func forget() { fire = FIRE() }
}

/// The quasi-Newton method with limited memory for all images together, in the metric of a model of bonds for each,
/// with steps of its own length and no search along them: the "global" L-BFGS of Sheppard, Terrell and Henkelman, J.
/// Chem. Phys. 128, 134106 (2008). What it has learned is forgotten when it leads against the forces.
struct BandLBFGS: BandMinimizer {
    private let models: [BondModel]
    /// Newest last.
    private var pairs: [(s: [Double], y: [Double], curvature: Double)] = []
    private var force: [Double] = []
    private var last: [Double] = []

    private static let memory = 30
    /// A pair counts with at least this much of the model's curvature.
    private static let leastCurvature = 0.05

    init(_ models: [BondModel]) { self.models = models }

    mutating func step(along force: [Double], limit: ([Double]) -> [Double]) -> [Double] {
        if !last.isEmpty { learn(sum(self.force, -1, force)) }
        self.force = force
        var direction = direction(force)
        if product(direction, force) <= 0 {
            pairs = []
            direction = self.direction(force)
        }
        last = limit(direction)
        return last
    }

    mutating func shorten(by factor: Double) { last = last.map { $0 * factor } }

    mutating func forget() {
        pairs = []
        last = []
    }

    /// Keeps how the forces have changed along the last step.
    private mutating func learn(_ change: [Double]) {
        let stiff = blocks(last) { $0.applied(to: $1) }
        let (expected, curvature) = (product(last, stiff), product(last, change))
        guard expected > 0 else { return }
        var y = change
        let least = Self.leastCurvature * expected
        if curvature < least {
            let theta = (expected - least) / (expected - curvature)
            y = sum(y.map { $0 * theta }, 1 - theta, stiff)
        }
        pairs.append((last, y, product(last, y)))
        if pairs.count > Self.memory { pairs.removeFirst() }
    }

    /// H F
    private func direction(_ force: [Double]) -> [Double] {
        var q = force
        var weights: [Double] = []
        for pair in pairs.reversed() {
            let weight = product(pair.s, q) / pair.curvature
            q = sum(q, -weight, pair.y)
            weights.append(weight)
        }
        var direction = blocks(q) { $0.solved($1) }
        if let last = pairs.last {
            let scale = last.curvature / product(last.y, blocks(last.y) { $0.solved($1) })
            direction = direction.map { $0 * scale }
        }
        for (pair, weight) in zip(pairs, weights.reversed()) {
            let other = product(pair.y, direction) / pair.curvature
            direction = sum(direction, weight - other, pair.s)
        }
        return direction
    }

    /// A function of each image's part.
    private func blocks(_ vector: [Double], _ function: (BondModel, [Double]) -> [Double]) -> [Double] {
        let length = vector.count / models.count
        return models.indices.flatMap { function(models[$0], Array(vector[$0 * length..<($0 + 1) * length])) }
    }
}
