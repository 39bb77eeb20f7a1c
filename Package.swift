// swift-tools-version: 6.1
import Foundation
import PackageDescription

/// The instruction set that everything is compiled for. `native` is the machine at hand; set APUS_MARCH
/// (for example `x86-64-v3`) to build for other machines. Without FMA the kernels would call libm for
/// every multiply-add, a hundred times slower, so no build leaves the choice open.
let given = ProcessInfo.processInfo.environment["APUS_MARCH"] ?? ""
let architecture = given.isEmpty ? "native" : given
let plainSettings: [SwiftSetting] = [.swiftLanguageMode(.v6)]
let settings: [SwiftSetting] =
    plainSettings + [
        .unsafeFlags(["-Xcc", "-march=\(architecture)", "-Xcc", "-mprefer-vector-width=512"])
    ]

/// With APUS_STATIC_STDLIB=1 the command and the C library hold the Swift runtime and need no Swift where they run.
/// Only linking is another, so that one build serves them and the tests.
let isStatic = ProcessInfo.processInfo.environment["APUS_STATIC_STDLIB"] == "1"
let runtime: [LinkerSetting] =
    isStatic
    ? [
        .unsafeFlags([
            "-static-stdlib", "-lFoundationInternationalization", "-lFoundationEssentials", "-lCoreFoundation",
            "-l_FoundationICU", "-l_FoundationCollections", "-l_FoundationCShims", "-Xlinker", "-z", "-Xlinker",
            "defs",
        ])
    ] : []

/// The C library shows its own functions only, so that it does not meet another Swift or BLAS in the same process.
let librarySettings: [LinkerSetting] =
    [
        .unsafeFlags([
            "-Xlinker", "--version-script=\(Context.packageDirectory)/Sources/CInterface/exports.map",
            "-Xlinker", "-soname=libapus.so.1",
        ])
    ] + runtime

struct Module {
    var name: String
    var uses: [String] = []
    var products: [Target.Dependency] = []
    var tests = Tests.none
    /// Later modules whose models the tests run, and what tests share.
    var testsUse: [String] = []
    /// Libraries that no module map names, since they are linked statically.
    var linked: [String] = []
    /// Whether it is libapus, which the command does without.
    var isLibrary = false
    /// Whether other Swift packages can use it by version, which SwiftPM grants to targets without unsafe flags only.
    var isProduct = false
}

/// Whether Tests/<Module>Tests exists, and whether it has a folder Data.
enum Tests { case none, plain, withData }

let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

/// The modules in the order of the physics; each imports only what stands above it (Sources/README.md).
let modules = [
    Module(name: "Files", uses: ["CMD", "CLZMA"], tests: .plain, linked: [":libmd.a", ":liblzma.a"]),
    Module(name: "Compute", uses: ["COpenBLAS", "CVectors"], tests: .plain),
    Module(name: "Atoms", tests: .plain),
    Module(name: "Settings", uses: ["Files", "Atoms"], products: [yams], tests: .plain),
    Module(
        name: "StructureFiles",
        uses: ["CZlib", "CLZMA", "CZstandard", "CXML", "CSQLite", "CHDF5", "Files", "Atoms"], tests: .withData),
    Module(name: "Neighbors", uses: ["Compute", "Atoms"], tests: .withData),
    Module(name: "Interactions", uses: ["Compute", "Atoms", "Neighbors"], tests: .plain),
    Module(name: "Symmetry", uses: ["Atoms"], tests: .plain),
    Module(
        name: "Relaxation", uses: ["Compute", "Atoms", "Neighbors", "Interactions", "Symmetry"], tests: .plain),
    Module(name: "Equivariance", tests: .withData, isProduct: true),
    Module(
        name: "Programs", uses: ["Compute", "Neighbors", "Equivariance"], tests: .plain,
        testsUse: ["Atoms", "Layers", "Models", "Potentials", "CPUExecutor", "ExecutorTesting"]),
    Module(name: "CPUExecutor", uses: ["Compute", "Neighbors", "Equivariance", "Programs"]),
    Module(name: "Layers", uses: ["Files", "Compute", "Programs"]),
    Module(
        name: "Models", uses: ["Compute", "Atoms", "Settings", "Interactions", "Equivariance", "Programs", "Layers"],
        tests: .withData, testsUse: ["Files", "Neighbors", "CPUExecutor", "Potentials", "ExecutorTesting"]),
    Module(
        name: "Potentials",
        uses: [
            "Files", "Compute", "Atoms", "Neighbors", "Interactions", "Programs", "CPUExecutor", "Layers", "Models",
        ],
        tests: .plain, testsUse: ["ExecutorTesting"]),
    Module(
        name: "ForeignPotentials",
        uses: [
            "CZlib", "Files", "Compute", "Atoms", "Neighbors", "Interactions", "Equivariance", "Programs",
            "CPUExecutor", "Layers", "Models", "Potentials",
        ],
        tests: .plain),
    Module(
        name: "DataSets",
        uses: [
            "Files", "Compute", "Atoms", "Settings", "StructureFiles", "Neighbors", "Interactions", "Equivariance",
            "Potentials",
        ],
        products: [logging]),
    Module(
        name: "Training",
        uses: [
            "Files", "Compute", "Settings", "Atoms", "StructureFiles", "Neighbors", "Interactions", "Programs",
            "CPUExecutor", "Layers", "Models", "Potentials", "DataSets",
        ],
        products: [logging], tests: .plain),
    Module(
        name: "Dynamics", uses: ["Files", "Compute", "Settings", "Atoms", "Neighbors", "Interactions"], tests: .plain),
    Module(
        name: "Trajectory", uses: ["CNetCDF", "CHDF5", "Files", "Compute", "Atoms", "StructureFiles"], tests: .plain),
    Module(
        name: "Analysis",
        uses: ["Compute", "Atoms", "Neighbors", "Interactions", "Symmetry", "Relaxation"], tests: .plain),
    Module(name: "Sockets", uses: ["Compute", "Atoms", "Interactions"], tests: .plain),
    Module(
        name: "Commands",
        uses: [
            "Files", "Compute", "Atoms", "Settings", "StructureFiles", "Neighbors", "Interactions", "Symmetry",
            "Relaxation", "Programs", "CPUExecutor", "Layers", "Models", "Potentials", "ForeignPotentials",
            "DataSets",
            "Training", "Dynamics", "Trajectory", "Analysis", "Sockets",
        ],
        products: [logging], tests: .plain),
    Module(
        name: "CInterface",
        uses: [
            "CApus", "Files", "Compute", "Atoms", "Neighbors", "Interactions", "Equivariance", "Models", "Potentials",
        ],
        isLibrary: true),
]

/// Modules that implement `Interaction` or `Integrator`: their tests run the conformance suites of
/// Tests/InteractionTesting.
let testedByConformance = ["Interactions", "Models", "Potentials", "Dynamics"]

extension String {
    /// Modules of headers in C, which tests reach through the modules that use them.
    var isModuleMap: Bool {
        [
            "CMD", "COpenBLAS", "CVectors", "CZlib", "CLZMA", "CZstandard", "CXML", "CSQLite", "CHDF5", "CNetCDF",
            "CApus",
        ]
        .contains(self)
    }
}

let package = Package(
    name: "Apus",
    products: [
        .executable(name: "apus", targets: ["apus"]),
        // Installed as libapus.so.1 (Makefile). No product is called Apus: on some disks that is the command's name.
        .library(name: "CInterface", type: .dynamic, targets: ["CInterface"]),
    ] + modules.filter(\.isProduct).map { .library(name: $0.name, targets: [$0.name]) },
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .systemLibrary(name: "CMD", providers: [.apt(["libmd-dev"])]),
        .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "CVectors"),
        .systemLibrary(name: "CApus"),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CXML", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"])]),
        .systemLibrary(name: "CLZMA", providers: [.apt(["liblzma-dev"])]),
        .systemLibrary(name: "CZstandard", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CNetCDF", pkgConfig: "netcdf", providers: [.apt(["libnetcdf-dev"])]),
    ]
        + modules.map { module in
            .target(
                name: module.name, dependencies: module.uses.map { .byName(name: $0) } + module.products,
                exclude: module.isLibrary ? ["exports.map"] : [],
                swiftSettings: module.isProduct ? plainSettings : settings,
                linkerSettings: module.isLibrary ? librarySettings : module.linked.map { .linkedLibrary($0) })
        }
        + modules.filter { $0.tests != .none }.map { module in
            .testTarget(
                name: "\(module.name)Tests",
                dependencies: [.byName(name: module.name), "TestSupport"]
                    + module.uses.filter { !$0.isModuleMap }.map { .byName(name: $0) }
                    + module.testsUse.map { .byName(name: $0) }
                    + (testedByConformance.contains(module.name) ? ["InteractionTesting"] : []),
                resources: module.tests == .withData ? [.copy("Data")] : [],
                swiftSettings: settings)
        }
        + [
            .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings),
            .target(
                name: "ExecutorTesting", dependencies: ["Neighbors", "Equivariance", "Programs", "TestSupport"],
                path: "Tests/ExecutorTesting", swiftSettings: settings),
            .target(
                name: "InteractionTesting",
                dependencies: ["Compute", "Atoms", "Neighbors", "Interactions", "Dynamics"],
                path: "Tests/InteractionTesting", swiftSettings: settings),
            .executableTarget(
                name: "apus",
                dependencies: [
                    "Commands", "Files", "Atoms", "Compute", "Interactions", "Potentials", "Relaxation", "Sockets",
                    "StructureFiles", "DataSets",
                ].map {
                    .byName(name: $0)
                } + [
                    arguments, logging,
                ],
                swiftSettings: settings, linkerSettings: runtime),
        ]
)
