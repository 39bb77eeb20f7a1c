/// Physical constants and conversions (CODATA 2018). Inside the program: Å, eV, amu, fs, K, elementary charge.
public enum Units {
    /// Boltzmann's constant, eV/K.
    public static let boltzmann = 8.617333262e-5

    /// (eV/Å) / amu expressed in Å/fs²: an acceleration is a force times this over a mass.
    ///
    /// 1 eV/(Å·amu) = 1.602176634e-19 J / (1e-10 m · 1.66053906660e-27 kg) = 9.648533212e17 m/s²
    /// = 9.648533212e-3 Å/fs².
    public static let acceleration = 9.648533212331e-3

    /// eV/Å³ in GPa.
    public static let gigapascal = 160.2176634

    /// eV in kcal/mol.
    public static let kilocaloriePerMole = 23.060547830619

    /// The atomic unit of length in Å.
    public static let bohr = 0.529177210903

    /// The atomic unit of energy in eV.
    public static let hartree = 27.211386245988

    /// Half of it.
    public static let rydberg = hartree / 2

    /// The atomic unit of force in eV/Å.
    public static let hartreePerBohr = hartree / bohr

    /// The atomic unit of stress in eV/Å³.
    public static let hartreePerCubicBohr = hartree / (bohr * bohr * bohr)

    /// The atomic unit of time, ħ / hartree, in fs.
    public static let atomicTime = 2.4188843265857e-2
}
