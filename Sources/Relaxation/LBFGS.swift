/// The quasi-Newton method with limited memory, in the metric of a `BondModel`, with steps of its own length.
///
/// A step is taken where the energy has fallen (Armijo's condition) or, where its change is lost in rounding, the slope
/// has (the approximate Wolfe condition of Hager and Zhang, SIAM J. Optim. 16, 170 (2005)). One that is not taken has
/// still shown the curvature: the next is another direction from the same place, at most half as long. Pairs with too
/// little curvature are damped (Powell 1978). Two-loop recursion: Nocedal, Math. Comput. 35, 773 (1980).
struct LBFGS: Minimizer {
    private let model: BondModel
    /// Changes of the energy below this are rounding, eV.
    private let energyNoise: Double
    /// Newest last.
    private var pairs: [(s: [Double], y: [Double], curvature: Double)] = []
    /// At the place that the step began at.
    private var gradient: [Double] = []
    private var step: [Double] = []
    private var rejections = 0

    private static let memory = 40
    /// A pair counts with at least this much of the model's curvature.
    private static let leastCurvature = 0.02

    init(_ model: BondModel, energyNoise: Double) {
        self.model = model
        self.energyNoise = energyNoise
    }

    mutating func next(energyChange: Double, gradient: [Double], limit: ([Double]) -> [Double]) -> MinimizerStep {
        var accepts = true
        var longest = Double.infinity
        if !step.isEmpty {
            let (before, after) = (product(self.gradient, step), product(gradient, step))
            let hasFallen = energyChange <= 1e-4 * before
            let isFlat = abs(energyChange) <= energyNoise && after <= 0.8 * abs(before)
            learn(sum(gradient, -1, self.gradient))
            accepts = hasFallen || isFlat || rejections >= 4
            if !accepts {
                rejections += 1
                longest = 0.5 * product(step, model.applied(to: step)).squareRoot()
            }
        }
        if accepts {
            self.gradient = gradient
            rejections = 0
        }
        var direction = direction()
        if longest < .infinity {
            let length = product(direction, model.applied(to: direction)).squareRoot()
            if length > longest { direction = direction.map { $0 * longest / length } }
        }
        step = limit(direction)
        return MinimizerStep(accepts: accepts, step: step)
    }

    /// Keeps how the gradient has changed along the last step.
    private mutating func learn(_ change: [Double]) {
        let stiff = model.applied(to: step)
        let (expected, curvature) = (product(step, stiff), product(step, change))
        guard expected > 0 else { return }
        let least = Self.leastCurvature * expected
        var y = change
        if curvature < least {
            let theta = (expected - least) / (expected - curvature)
            y = sum(y.map { $0 * theta }, 1 - theta, stiff)
        }
        pairs.append((step, y, product(step, y)))
        if pairs.count > Self.memory { pairs.removeFirst() }
    }

    /// −H g
    private func direction() -> [Double] {
        var q = gradient
        var weights: [Double] = []
        for pair in pairs.reversed() {
            let weight = product(pair.s, q) / pair.curvature
            q = sum(q, -weight, pair.y)
            weights.append(weight)
        }
        var direction = model.solved(q)
        if let last = pairs.last {
            let scale = last.curvature / product(last.y, model.solved(last.y))
            direction = direction.map { $0 * scale }
        }
        for (pair, weight) in zip(pairs, weights.reversed()) {
            let other = product(pair.y, direction) / pair.curvature
            direction = sum(direction, weight - other, pair.s)
        }
        return direction.map { -$0 }
    }
}
