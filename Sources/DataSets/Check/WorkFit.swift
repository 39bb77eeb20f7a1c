import Foundation

/// The fit of energy differences on the work of forces or stresses: a slope of 1 where both are right.
struct WorkFit {
    let slope: Double
    /// Of energies and work, about zero.
    let correlation: Double
    /// Structures that the pairs are of.
    let structures: Set<Int>
    let count: Int
    /// Root mean square of what is left of the energies where the slope is taken as 1, eV/atom.
    let disagreement: Double

    /// Fits from fewer pairs say nothing; that energies do not follow the work takes more of them.
    static let (fewest, enoughToRefuse) = (5, 10)

    /// `nil` where there are too few pairs, or nothing changes.
    init?(_ points: [(pair: WorkPair, work: Double, energy: Double)]) {
        guard points.count >= Self.fewest else { return nil }
        var (ww, ee, we, rest) = (0.0, 0.0, 0.0, 0.0)
        for point in points {
            ww += point.work * point.work
            ee += point.energy * point.energy
            we += point.work * point.energy
            rest += (point.energy - point.work) * (point.energy - point.work)
        }
        guard ww > 0, ee > 0, ww.isFinite, ee.isFinite else { return nil }
        count = points.count
        slope = we / ww
        correlation = we / (ww.squareRoot() * ee.squareRoot())
        disagreement = (rest / Double(points.count)).squareRoot()
        structures = Set(points.flatMap { [$0.pair.first, $0.pair.second] })
    }

    /// Whether energies follow the work at all. What differs by less than 0.02 meV/atom is rounding and noise, which
    /// follows anything by chance.
    var isClear: Bool { abs(correlation) > 0.8 && (hasRightSlope || disagreement > 2e-5) }

    /// Whether so many pairs disagree by so much that it is no accident. 1 meV/atom is the noise of DFT.
    var isContradiction: Bool { !isClear && count >= Self.enoughToRefuse && disagreement > 1e-3 }

    /// Anharmonic and sparse data reach 0.72 (Mo of Zuo et al., 10 pairs); the nearest mistake in units is 0.53.
    var isRight: Bool { isClear && hasRightSlope }

    private var hasRightSlope: Bool { slope > 0.7 && slope < 1.4 }
}

extension WorkFit {
    /// Of the forces of some pairs.
    ///
    /// Pairs at one cell tell most. Where there are few, the cell may change too: then energies are fitted on both
    /// works at once, E ≈ a W_forces + b W_stress, or on that of the forces alone where stresses lack, which tells the
    /// sign.
    static func forces(_ pairs: [WorkPair]) -> WorkFit? {
        let displaced = pairs.filter { $0.forceWork != nil && $0.grossForceWork > 0 }
        let fixed = displaced.filter { !$0.isStrained }
        let alone = { (pairs: [WorkPair]) in WorkFit(pairs.map { ($0, $0.forceWork!, $0.energy) }) }
        if fixed.count >= enoughToRefuse { return alone(fixed) }
        let stressed = displaced.filter { $0.stressWork != nil }
        guard stressed.count > max(fixed.count, enoughToRefuse) else {
            if fixed.count >= fewest { return alone(fixed) }
            let unstressed = displaced.filter { $0.stressWork == nil }
            return alone(unstressed).flatMap { abs($0.correlation) > 0.9 ? $0 : nil }
        }
        var (ff, fs, ss, fe, se) = (0.0, 0.0, 0.0, 0.0, 0.0)
        for pair in stressed {
            let (f, s, e) = (pair.forceWork!, pair.stressWork!, pair.energy)
            ff += f * f
            fs += f * s
            ss += s * s
            fe += f * e
            se += s * e
        }
        let determinant = ff * ss - fs * fs
        let stress = determinant > 1e-9 * ff * ss ? (ff * se - fs * fe) / determinant : 0
        guard let fit = WorkFit(stressed.map { ($0, $0.forceWork!, $0.energy - stress * $0.stressWork!) }) else {
            return nil
        }
        // Where the forces do a small part of the work, the rest of the other hides theirs.
        let share =
            stressed.reduce(0) { $0 + $1.grossForceWork * $1.grossForceWork }
            / max(stressed.reduce(0) { $0 + $1.energy * $1.energy }, .leastNormalMagnitude)
        return fit.isClear || share > 0.3 ? fit : nil
    }

    /// Of the stresses of some pairs, the work of the forces taken as it was found to be.
    ///
    /// The half of the pairs in which the forces' work has the smallest part says most, whatever the unit of stresses
    /// is. `nil` where what is not known of the forces' work, 1 − correlation² of it, hides that of the stresses.
    static func stresses(_ pairs: [WorkPair], beside forces: WorkFit?) -> WorkFit? {
        let isKnown = forces?.isClear == true
        let factor = isKnown ? forces!.slope : 1
        let doubt = isKnown ? 1 - forces!.correlation * forces!.correlation : 1
        let strained = pairs.filter { $0.isStrained && $0.forceWork != nil && ($0.stressWork ?? 0) != 0 }
        let sorted = strained.map { ($0, abs($0.forceWork! / $0.stressWork!)) }
            .sorted { ($0.1, $0.0.first, $0.0.second) < ($1.1, $1.0.first, $1.0.second) }.map(\.0)
        let telling = Array(sorted.prefix(max(fewest, sorted.count / 2)))
        guard let fit = WorkFit(telling.map { ($0, $0.stressWork!, $0.energy - factor * $0.forceWork!) }) else {
            return nil
        }
        let (gross, work) = telling.reduce((0.0, 0.0)) {
            ($0.0 + $1.grossForceWork * $1.grossForceWork, $0.1 + $1.stressWork! * $1.stressWork!)
        }
        if fit.isRight { return fit }
        if fit.isClear {
            // A slope near 1 may be what the forces leave; a wrong sign or another unit is far from it.
            let isFar = fit.slope < 0 || abs(log(fit.slope)) > 1
            return fit.slope * fit.slope * work > 0.25 * (isFar ? doubt : 1) * gross ? fit : nil
        }
        return work > gross ? fit : nil
    }
}
