/// The factors c that give an activation unit second moment under a normal distribution, ⟨(c f(x))²⟩ = 1.
///
/// These are e3nn's `normalize2mom` values, means over 10⁶ samples that PyTorch draws from a fixed seed. They differ
/// from the exact integrals by about 0.16 % (that of the identity is 1.0011) and are part of every trained potential,
/// so these digits must not be improved.
public enum SecondMoment {
    /// x / (1 + e⁻ˣ)
    public static let silu = 1.6791767923989418
    public static let tanh = 1.5937334472592695
    public static let relu = 1.4163393446331365
    public static let sigmoid = 1.8467055342154763
    public static let abs = 1.001110600838467
    public static let softplus = 1.0426436590527184
    public static let elu = 1.2467863885570512
    public static let gelu = 1.5360642850770576
    public static let sin = 1.5218334864623193
    public static let cos = 1.326609063570005
    public static let identity = 1.001110600838467
}
