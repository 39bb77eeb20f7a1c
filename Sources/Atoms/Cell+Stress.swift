extension Cell {
    /// σ = −W / V, positive in tension: the stress (eV/Å³) of a virial W = −dE/dε (eV).
    public func stress(ofVirial virial: Matrix3) -> Matrix3 { virial * (-1 / volume) }

    /// W = −V σ, eV.
    public func virial(ofStress stress: Matrix3) -> Matrix3 { stress * -volume }
}
