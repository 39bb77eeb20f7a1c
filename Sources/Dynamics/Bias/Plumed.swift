import Atoms
import Foundation
import Interactions

/// PLUMED as a bias, by its kernel, a shared library that is loaded when a run begins.
///
/// The protocol is that of PLUMED's manual, "How to add PLUMED to an MD code": one object of `plumedmain_create`, which
/// `plumedmain_cmd(object, key, pointer)` talks to. Its units are set to eV, Å and fs; masses in amu and charges in e
/// are its own. The virial is handed over with its sign, `−W`, and comes back with what the bias adds, as energy and
/// forces do. A failure inside PLUMED ends the process with its own message.
public final class Plumed: Bias {
    public struct Options: Sendable {
        public var input: String
        public var log: String
        /// Whether a run is continued, so that PLUMED appends to its files.
        public var isRestart = false
        /// K, of the bath, if there is one.
        public var temperature: Double?
        /// Whether the interaction predicts charges.
        public var usesPredictedCharges = false

        public init(input: String, log: String) { (self.input, self.log) = (input, log) }
    }

    private typealias Create = @convention(c) () -> UnsafeMutableRawPointer?
    private typealias Command =
        @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<CChar>, UnsafeRawPointer?) -> Void
    private typealias Finish = @convention(c) (UnsafeMutableRawPointer?) -> Void

    private let command: Command
    private let finish: Finish
    private let object: UnsafeMutableRawPointer
    private let library: UnsafeMutableRawPointer
    private let masses: [Double]
    /// e, if they are constant.
    private let charges: [Double]?
    private var positions: [Double]
    private var forces: [Double]

    public let description: String
    public let wantsProperties: Bool
    /// It may, but hardly does: distances and the like conserve momentum.
    public let actsFromOutside = false

    /// 1 eV in kJ/mol, 1 Å in nm, 1 fs in ps: what PLUMED is told of units.
    private static let units = [
        ("setMDEnergyUnits", 4.184 * Units.kilocaloriePerMole), ("setMDLengthUnits", 0.1), ("setMDTimeUnits", 1e-3),
    ]

    /// The environment variable that PLUMED's own loader looks at.
    public static let variable = "PLUMED_KERNEL"

    /// - Parameters:
    ///   - kernel: the file of the library; unless given that of `PLUMED_KERNEL`.
    ///   - masses: `[atom]`, amu.
    ///   - charges: `[atom]`, e; what the interaction predicts comes before them.
    /// - Throws: `SimulationError` when there is no kernel, or the file is none.
    public init(
        _ options: Options, kernel: String? = nil, masses: [Double], charges: [Double]? = nil, timestep: Time
    ) throws {
        func refused(_ message: String) -> SimulationError { SimulationError(.invalidSetting, message) }
        guard let path = kernel ?? ProcessInfo.processInfo.environment[Self.variable], !path.isEmpty else {
            throw refused(
                "plumed: no kernel is known; expected the environment variable PLUMED_KERNEL with the path of "
                    + "libplumedKernel.so.")
        }
        guard FileManager.default.isReadableFile(atPath: options.input) else {
            throw refused("plumed: \(options.input) cannot be read; expected PLUMED's input file.")
        }
        guard let library = dlopen(path, RTLD_NOW | RTLD_GLOBAL) else {
            throw refused(
                "plumed: the kernel cannot be loaded (\(dlerror().map { String(cString: $0) } ?? path)); expected "
                    + "PLUMED_KERNEL with the path of libplumedKernel.so.")
        }
        func symbol(_ name: String) throws -> UnsafeMutableRawPointer {
            guard let found = dlsym(library, "plumed_\(name)") ?? dlsym(library, name) else {
                dlclose(library)
                throw refused(
                    "plumed: \(path) has no function \(name); expected PLUMED's kernel (libplumedKernel.so).")
            }
            return found
        }
        let create = unsafeBitCast(try symbol("plumedmain_create"), to: Create.self)
        command = unsafeBitCast(try symbol("plumedmain_cmd"), to: Command.self)
        finish = unsafeBitCast(try symbol("plumedmain_finalize"), to: Finish.self)
        guard let object = create() else { throw refused("plumed: \(path) could not begin.") }
        (self.object, self.library, self.masses, self.charges) = (object, library, masses, charges)
        positions = Array(repeating: 0, count: 3 * masses.count)
        forces = positions
        wantsProperties = options.usesPredictedCharges
        description = "PLUMED with \(options.input)"

        set("setRealPrecision", Int32(MemoryLayout<Double>.size))
        for (key, value) in Self.units { set(key, value) }
        set("setPlumedDat", options.input)
        set("setNatoms", Int32(masses.count))
        set("setMDEngine", "Apus")
        set("setLogFile", options.log)
        set("setTimestep", timestep.femtoseconds)
        if let temperature = options.temperature { set("setKbT", Units.boltzmann * temperature) }
        set("setRestart", Int32(options.isRestart ? 1 : 0))
        command(object, "init", nil)
    }

    deinit { finish(object) }

    private func set<Value>(_ key: String, _ value: Value) {
        withUnsafePointer(to: value) { command(object, key, $0) }
    }

    private func set(_ key: String, _ text: String) { text.withCString { command(object, key, $0) } }

    public func apply(to motion: inout Motion, atStep step: Int) throws -> Double {
        for atom in 0..<motion.count {
            for axis in 0..<3 {
                positions[3 * atom + axis] = motion.positions[atom][axis]
                forces[3 * atom + axis] = motion.result.forces[atom][axis]
            }
        }
        // Zero where nothing repeats.
        var box = (motion.cell.map { $0.isPeriodic == .zero ? .zero : $0.vectors } ?? .zero).elements
        var virial = motion.result.virial.elements.map { -$0 }
        var (energy, bias) = (motion.result.energy, 0.0)
        let charges = motion.result.properties[.charges] ?? charges
        // PLUMED keeps pointers until it has calculated.
        positions.withUnsafeMutableBufferPointer { positions in
            forces.withUnsafeMutableBufferPointer { forces in
                masses.withUnsafeBufferPointer { masses in
                    virial.withUnsafeMutableBufferPointer { virial in
                        box.withUnsafeMutableBufferPointer { box in
                            if let short = Int32(exactly: step) {
                                set("setStep", short)
                            } else {
                                set("setStepLong", Int64(step))
                            }
                            command(object, "setMasses", masses.baseAddress)
                            command(object, "setPositions", positions.baseAddress)
                            command(object, "setForces", forces.baseAddress)
                            command(object, "setBox", box.baseAddress)
                            command(object, "setVirial", virial.baseAddress)
                            withUnsafeMutablePointer(to: &energy) { energy in
                                command(object, "setEnergy", energy)
                                if let charges {
                                    charges.withUnsafeBufferPointer {
                                        command(object, "setCharges", $0.baseAddress)
                                        command(object, "calc", nil)
                                    }
                                } else {
                                    command(object, "calc", nil)
                                }
                            }
                            withUnsafeMutablePointer(to: &bias) { command(object, "getBias", $0) }
                        }
                    }
                }
            }
        }
        guard bias.isFinite, forces.allSatisfy(\.isFinite) else {
            throw SimulationError(
                .notFinite, step: step,
                "At step \(step) PLUMED gives an energy or a force that is not a number (bias \(bias) eV).")
        }
        for atom in 0..<motion.count {
            motion.result.forces[atom] = SIMD3(forces[3 * atom], forces[3 * atom + 1], forces[3 * atom + 2])
        }
        motion.result.virial = Matrix3(elements: virial.map { -$0 })
        motion.result.energy += bias
        return bias
    }
}
