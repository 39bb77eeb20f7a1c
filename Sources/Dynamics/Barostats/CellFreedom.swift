import Atoms

/// How a cell may move: the space that its rate of strain, a symmetric matrix, is confined to. Symmetric, so that
/// nothing rotates.
public struct CellFreedom: Sendable, Hashable {
    public enum Mode: String, Sendable, CaseIterable {
        /// The same strain along all axes.
        case isotropic
        /// A strain of its own along each of x, y and z; no shear.
        case anisotropic
        /// All six components.
        case triclinic
        /// The same strain along x and y, none along z: slabs.
        case xy
    }

    public let mode: Mode
    /// 1 where the cell moves along x, y, z.
    let axes: SIMD3<Double>

    public init(_ mode: Mode, axes: SIMD3<Double> = SIMD3(1, 1, 1)) {
        self.mode = mode
        self.axes = mode == .xy ? SIMD3(1, 1, 0) : axes
    }

    /// Independent components.
    var count: Int {
        let n = Int(axes.sum())
        switch mode {
        case .isotropic, .xy: return 1
        case .anisotropic: return n
        case .triclinic: return n * (n + 1) / 2
        }
    }

    /// The nearest rate of strain that is allowed.
    func project(_ m: Matrix3) -> Matrix3 {
        let diagonal = SIMD3(m.rows.0.x, m.rows.1.y, m.rows.2.z) * axes
        switch mode {
        case .isotropic, .xy: return Matrix3(diagonal: axes * (diagonal.sum() / axes.sum()))
        case .anisotropic: return Matrix3(diagonal: diagonal)
        case .triclinic:
            let xy = 0.5 * (m.rows.0.y + m.rows.1.x) * axes.x * axes.y
            let xz = 0.5 * (m.rows.0.z + m.rows.2.x) * axes.x * axes.z
            let yz = 0.5 * (m.rows.1.z + m.rows.2.y) * axes.y * axes.z
            return Matrix3(
                SIMD3(diagonal.x, xy, xz), SIMD3(xy, diagonal.y, yz), SIMD3(xz, yz, diagonal.z))
        }
    }

    /// Σ_k x_k E_k for an orthonormal basis E_k of the allowed rates; independent normal numbers make white noise.
    func combination(_ x: SIMD3<Double>, _ y: SIMD3<Double>) -> Matrix3 {
        switch mode {
        case .isotropic, .xy: return Matrix3(diagonal: axes * (x.x / axes.sum().squareRoot()))
        case .anisotropic: return Matrix3(diagonal: axes * x)
        case .triclinic:
            let s = y * 0.5.squareRoot()
            return project(
                Matrix3(SIMD3(x.x, s.z, s.y), SIMD3(s.z, x.y, s.x), SIMD3(s.y, s.x, x.z)))
        }
    }

    /// `triclinic` or `anisotropic along x, y`
    var description: String {
        guard mode != .xy, axes.sum() < 3 else { return mode.rawValue }
        let names = zip(["x", "y", "z"], [axes.x, axes.y, axes.z]).filter { $1 > 0 }.map(\.0)
        return "\(mode.rawValue) along \(names.joined(separator: ", "))"
    }

    /// - Throws: `SimulationError` where a cell cannot be moved that way.
    func validate(_ motion: Motion, pressure: TargetStress) throws {
        func refused(_ message: String) -> SimulationError { SimulationError(.invalidSetting, message) }
        guard let cell = motion.cell, cell.isPeriodic != .zero else {
            throw refused("A barostat needs a periodic cell; this structure has none.")
        }
        guard !motion.hasFixedAtoms else {
            throw refused(
                "Fixed atoms do not move with the cell, so that no pressure is defined; expected no fixed atoms under a barostat."
            )
        }
        guard !motion.constraints.joinsAtoms else {
            throw refused(
                "Bonds of constant length and rigid groups would change with the cell; expected none of them under a barostat. "
                    + "Heavier hydrogen (hydrogen_mass) allows long timesteps under any ensemble."
            )
        }
        guard pressure.isHydrostatic || mode == .anisotropic || mode == .triclinic else {
            throw refused(
                "A stress that is not a pressure needs cell: anisotropic or cell: triclinic; found cell: \(mode.rawValue)."
            )
        }
        guard !cell.isFullyPeriodic else { return }
        // What moves must lie in the space of the periodic vectors, and the open ones outside of it.
        for k in 0..<3 {
            let v = cell.vectors[row: k]
            let (inside, outside) = (v * axes, v * (SIMD3(1, 1, 1) - axes))
            let isRight = cell.repeats(along: k) ? norm(outside) < 1e-9 * norm(v) : norm(inside) < 1e-9 * norm(v)
            guard isRight else {
                throw refused(
                    "A cell that is open along vector \(k + 1) has no pressure across it; expected cell: xy (or axes) with "
                        + "the periodic vectors in the plane that moves and the open one along z.")
            }
        }
        guard pressure.isHydrostatic, pressure.pressure.start == 0, pressure.pressure.end == 0 else {
            throw refused("A cell that is open in some direction has no volume; expected a pressure of 0 GPa.")
        }
    }
}
