/// The program and its version, as files name them.
public enum ProgramVersion {
    public static let number = "0.1.0"
    public static let description = "Apus \(number)"
}
