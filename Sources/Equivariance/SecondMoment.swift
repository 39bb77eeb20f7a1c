/// The factors c that give an activation unit second moment under a normal distribution, ⟨(c f(x))²⟩ = 1.
///
/// These are e3nn's `normalize2mom` values, means over 10⁶ samples that PyTorch draws from a fixed seed. They differ
/// from the exact integrals by about 0.16 % and are part of every trained potential, so these digits must not be
/// improved.
public enum SecondMoment {
    /// x / (1 + e⁻ˣ)
    public static let silu = 1.6791767923989418
    public static let tanh = 1.5937334472592695
}
