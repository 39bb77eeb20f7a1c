// swift-tools-version: 6.1
import Foundation
import PackageDescription

// Another package that uses Apus' products by version, as SwiftPM lets only those do whose targets have no unsafe
// flags. The test makes a repository with a tag; APUS_REPOSITORY is its address.
let repository = ProcessInfo.processInfo.environment["APUS_REPOSITORY"] ?? "../.."

let package = Package(
    name: "Consumer",
    dependencies: [.package(url: repository, from: "0.1.0")],
    targets: [
        .executableTarget(name: "Consumer", dependencies: [.product(name: "Equivariance", package: "apus")])
    ]
)
