import Potentials

/// What is known of files that were published, by their SHA-256.
enum Origins {
    static func known(_ sha256: String) -> Potential.Origin? { published[sha256] }

    private static let published: [String: Potential.Origin] = [
        "7052cb42b7b3be42b40b97fa0d21077a48c54b5548948fc4dcf346629f813c36": sevenNet(
            "SevenNet-0 (11 July 2024)", scalable, "MPtrj: PBE and PBE+U (Materials Project)"),
        "5d389fafd512e6ae2830d74d0b66ffc49a55d3832653ff8e7bf7f1343013c1d1": sevenNet(
            "SevenNet-0 (22 May 2024)", scalable, "MPtrj: PBE and PBE+U (Materials Project)"),
        "a7ff190d41efe5b8317a03d20a468e4036a1a3e64e0b14fdbab64ac3f4bfc09d": sevenNet(
            "SevenNet-l3i5", scalable, "MPtrj: PBE and PBE+U (Materials Project)"),
        "81791329b37d445f46b531578c182c41792d98c7814222c9e5dde276402225fd": sevenNet(
            "SevenNet-MF-0",
            "Kim, Kim, Kim, Lee, Park, Kang, Han, J. Am. Chem. Soc. 147, 1042 (2025), doi:10.1021/jacs.4c14455",
            "MPtrj (PBE and PBE+U) and calculations by r2SCAN (Materials Project)"),
    ]

    private static let scalable =
        "Park, Kim, Hwang, Han, J. Chem. Theory Comput. 20, 4857 (2024), doi:10.1021/acs.jctc.4c00190"

    private static func sevenNet(_ name: String, _ citation: String, _ data: String) -> Potential.Origin {
        var origin = Potential.Origin(name: name)
        origin.license = "MIT (the package sevenn 0.13.0, which holds the file)"
        origin.citation = citation
        origin.trainingData = data
        return origin
    }
}
