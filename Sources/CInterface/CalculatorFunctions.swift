import Atoms
import CApus
import Potentials

@_cdecl("apus_calculator_create")
public func apusCalculatorCreate(
    _ potential: OpaquePointer?, _ precision: apus_precision, _ threads: CInt,
    _ calculator: UnsafeMutablePointer<OpaquePointer?>?
) -> apus_status {
    reporting {
        let calculator = try calculator.orFailure("a place for the calculator")
        calculator.pointee = nil
        let loaded = Handle.object(try potential.orFailure("a potential"), as: LoadedPotential.self)
        let scalar: Potential.Precision? =
            switch precision {
            case APUS_PRECISION_OF_FILE: nil
            case APUS_FLOAT32: .float32
            case APUS_FLOAT64: .float64
            default:
                throw Failure.argument(
                    "expected APUS_PRECISION_OF_FILE, APUS_FLOAT32 or APUS_FLOAT64, found \(precision.rawValue)")
            }
        guard (0...1024).contains(threads) else {
            throw Failure.argument("expected 0 (all cores) to 1024 threads, found \(threads)")
        }
        calculator.pointee = Handle.make(
            try Calculator(loaded.potential, precision: scalar, threads: Int(threads)))
    }
}

@_cdecl("apus_calculator_free")
public func apusCalculatorFree(_ calculator: OpaquePointer?) { Handle.release(calculator) }

@_cdecl("apus_calculator_set_skin")
public func apusCalculatorSetSkin(_ calculator: OpaquePointer?, _ skin: Double) -> apus_status {
    reporting {
        let calculator = Handle.object(try calculator.orFailure("a calculator"), as: Calculator.self)
        guard (0...10).contains(skin) else { throw Failure.argument("expected a skin of 0 to 10 Å, found \(skin)") }
        calculator.skin = skin
    }
}

@_cdecl("apus_calculator_neighbor_searches")
public func apusCalculatorNeighborSearches(_ calculator: OpaquePointer?) -> Int64 {
    guard let calculator else { return 0 }
    return Int64(Handle.object(calculator, as: Calculator.self).neighborSearches)
}

@_cdecl("apus_calculator_memory_estimate")
public func apusCalculatorMemoryEstimate(
    _ calculator: OpaquePointer?, _ atoms: Int64, _ neighbors: Double, _ bytes: UnsafeMutablePointer<Double>?
) -> apus_status {
    reporting {
        let calculator = Handle.object(try calculator.orFailure("a calculator"), as: Calculator.self)
        let bytes = try bytes.orFailure("a place for the estimate")
        guard (0...1_000_000_000).contains(atoms), (0...10_000).contains(neighbors) else {
            throw Failure.argument("expected up to 10⁹ atoms and 10⁴ neighbours, found \(atoms) and \(neighbors)")
        }
        bytes.pointee = calculator.memoryEstimate(
            atoms: Int(atoms), edges: Int((Double(atoms) * neighbors).rounded(.up)))
    }
}

@_cdecl("apus_calculator_close_pairs")
public func apusCalculatorClosePairs(
    _ calculator: OpaquePointer?, _ worst: UnsafeMutablePointer<apus_close_pair>?
) -> Int64 {
    guard let calculator else { return 0 }
    let found = Handle.object(calculator, as: Calculator.self).closePairs
    if let pair = found.worst {
        worst?.pointee = apus_close_pair(
            atoms: (CInt(pair.atoms.0), CInt(pair.atoms.1)), distance: pair.distance, limit: pair.limit,
            is_assumed: pair.isAssumed ? 1 : 0)
    }
    return Int64(found.count)
}

@_cdecl("apus_calculator_exchange_bytes")
public func apusCalculatorExchangeBytes(_ calculator: OpaquePointer?) -> CInt {
    guard let calculator else { return 0 }
    return CInt(Handle.object(calculator, as: Calculator.self).exchangeBytes)
}

@_cdecl("apus_compute")
public func apusCompute(
    _ calculator: OpaquePointer?, _ atoms: CInt, _ elements: UnsafePointer<CInt>?,
    _ positions: UnsafePointer<Double>?,
    _ cell: UnsafePointer<Double>?, _ periodic: UnsafePointer<CInt>?, _ result: UnsafeMutablePointer<apus_result>?
) -> apus_status {
    reporting {
        let calculator = Handle.object(try calculator.orFailure("a calculator"), as: Calculator.self)
        guard atoms >= 0 else { throw Failure.argument("expected a number of atoms, found \(atoms)") }
        let count = Int(atoms)
        let elements = UnsafeBufferPointer(
            start: count == 0 ? nil : try elements.orFailure("the atomic numbers of \(atoms) atoms"), count: count)
        let positions = UnsafeBufferPointer(
            start: count == 0 ? nil : try positions.orFailure("the positions of \(atoms) atoms"), count: 3 * count)
        try calculator.compute(
            elements: elements, positions: positions, cell: try structureCell(cell, periodic),
            into: &result.orFailure("a place for the result").pointee)
    }
}

@_cdecl("apus_compute_properties")
public func apusComputeProperties(
    _ calculator: OpaquePointer?, _ atoms: CInt, _ elements: UnsafePointer<CInt>?,
    _ positions: UnsafePointer<Double>?, _ cell: UnsafePointer<Double>?, _ periodic: UnsafePointer<CInt>?,
    _ charge: Double, _ result: UnsafeMutablePointer<apus_result>?, _ count: CInt,
    _ properties: UnsafePointer<UnsafePointer<CChar>?>?, _ values: UnsafePointer<UnsafeMutablePointer<Double>?>?
) -> apus_status {
    reporting {
        let calculator = Handle.object(try calculator.orFailure("a calculator"), as: Calculator.self)
        guard atoms >= 0, count >= 0 else {
            throw Failure.argument("expected numbers of atoms and properties, found \(atoms) and \(count)")
        }
        guard charge.isFinite else { throw Failure.argument("expected a finite charge, found \(charge)") }
        let places = try (0..<Int(count)).map { index in
            let bytes = try properties.orFailure("names of properties")[index].orFailure("the name of a property")
            let name = String(cString: bytes)
            guard let property = Property(named: name) else {
                throw Failure.argument(
                    "expected one of \(Property.all.map(\.name).joined(separator: ", ")), found \(name)")
            }
            return (property, try values.orFailure("places for values")[index].orFailure("a place for \(name)"))
        }
        let elements = UnsafeBufferPointer(
            start: atoms == 0 ? nil : try elements.orFailure("the atomic numbers of \(atoms) atoms"),
            count: Int(atoms))
        let positions = UnsafeBufferPointer(
            start: atoms == 0 ? nil : try positions.orFailure("the positions of \(atoms) atoms"),
            count: 3 * Int(atoms))
        try calculator.compute(
            elements: elements, positions: positions, cell: try structureCell(cell, periodic), charge: charge,
            into: result, places)
    }
}

@_cdecl("apus_compute_hessian_products")
public func apusComputeHessianProducts(
    _ calculator: OpaquePointer?, _ atoms: CInt, _ elements: UnsafePointer<CInt>?,
    _ positions: UnsafePointer<Double>?, _ cell: UnsafePointer<Double>?, _ periodic: UnsafePointer<CInt>?,
    _ count: CInt, _ directions: UnsafePointer<Double>?, _ products: UnsafeMutablePointer<Double>?
) -> apus_status {
    reporting {
        let calculator = Handle.object(try calculator.orFailure("a calculator"), as: Calculator.self)
        guard atoms >= 0, count >= 0 else {
            throw Failure.argument("expected numbers of atoms and directions, found \(atoms) and \(count)")
        }
        guard atoms > 0, count > 0 else { return }
        let size = 3 * Int(atoms)
        try calculator.hessian(
            elements: .init(start: try elements.orFailure("the atomic numbers of \(atoms) atoms"), count: Int(atoms)),
            positions: .init(start: try positions.orFailure("the positions of \(atoms) atoms"), count: size),
            cell: try structureCell(cell, periodic),
            times: .init(start: try directions.orFailure("\(count) directions"), count: Int(count) * size),
            into: .init(start: try products.orFailure("places for \(count) products"), count: Int(count) * size))
    }
}

@_cdecl("apus_compute_many")
public func apusComputeMany(
    _ calculator: OpaquePointer?, _ count: CInt, _ atoms: UnsafePointer<CInt>?, _ elements: UnsafePointer<CInt>?,
    _ positions: UnsafePointer<Double>?, _ cells: UnsafePointer<Double>?, _ periodic: UnsafePointer<CInt>?,
    _ results: UnsafeMutablePointer<apus_result>?
) -> apus_status {
    reporting {
        let calculator = Handle.object(try calculator.orFailure("a calculator"), as: Calculator.self)
        guard count >= 0 else { throw Failure.argument("expected a number of structures, found \(count)") }
        guard count > 0 else { return }
        let atoms = UnsafeBufferPointer(start: try atoms.orFailure("numbers of atoms"), count: Int(count))
        let results = UnsafeMutableBufferPointer(
            start: try results.orFailure("places for results"), count: Int(count))
        if let wrong = atoms.first(where: { $0 < 0 }) {
            throw Failure.argument("expected numbers of atoms, found \(wrong)")
        }
        let isEmpty = atoms.allSatisfy { $0 == 0 }
        guard isEmpty || (elements != nil && positions != nil) else {
            throw Failure.argument("expected atomic numbers and positions, found a null pointer")
        }
        var first = 0
        let structures = try atoms.enumerated().map { index, count in
            let range = first..<first + Int(count)
            first = range.upperBound
            do {
                return Structure(
                    elements: try range.map { atom in
                        guard let element = Element(atomicNumber: Int(elements![atom])) else {
                            throw Failure(
                                APUS_ERROR_ELEMENT,
                                "expected atomic numbers of elements, found \(elements![atom]) at atom \(atom - range.lowerBound + 1)"
                            )
                        }
                        return element
                    },
                    positions: range.map {
                        SIMD3(positions![3 * $0], positions![3 * $0 + 1], positions![3 * $0 + 2])
                    },
                    cell: try structureCell(cells.map { $0 + 9 * index }, periodic.map { $0 + 3 * index }))
            } catch let failure as Failure {
                throw Failure(failure.status, "structure \(index + 1): \(failure.message)")
            }
        }
        try calculator.compute(structures, into: results)
    }
}

/// The cell of a structure; `nil` for a molecule.
private func structureCell(_ vectors: UnsafePointer<Double>?, _ periodic: UnsafePointer<CInt>?) throws -> Cell? {
    let repeats =
        periodic.map { ($0[0] != 0, $0[1] != 0, $0[2] != 0) } ?? (vectors != nil, vectors != nil, vectors != nil)
    guard repeats.0 || repeats.1 || repeats.2 else { return nil }
    guard let v = vectors else {
        throw Failure.argument("expected a cell for a periodic structure, found a null pointer")
    }
    guard (0..<9).allSatisfy({ v[$0].isFinite }) else {
        throw Failure(
            APUS_ERROR_STRUCTURE, "expected nine finite numbers for the cell, found \((0..<9).map { v[$0] })")
    }
    return Cell(
        Matrix3(SIMD3(v[0], v[1], v[2]), SIMD3(v[3], v[4], v[5]), SIMD3(v[6], v[7], v[8])), periodic: repeats)
}

@_cdecl("apus_compute_local")
public func apusComputeLocal(
    _ calculator: OpaquePointer?, _ neighbors: UnsafePointer<apus_neighbors>?,
    _ exchange: UnsafePointer<apus_exchange>?, _ result: UnsafeMutablePointer<apus_result>?
) -> apus_status {
    reporting {
        let calculator = Handle.object(try calculator.orFailure("a calculator"), as: Calculator.self)
        let neighbors = try neighbors.orFailure("neighbours").pointee
        guard neighbors.atoms >= 0, neighbors.ghosts >= 0 else {
            throw Failure.argument(
                "expected numbers of atoms and ghosts, found \(neighbors.atoms) and \(neighbors.ghosts)")
        }
        if let exchange {
            _ = try exchange.pointee.fill_ghosts.orFailure("a function that fills ghosts")
            _ = try exchange.pointee.add_ghosts.orFailure("a function that adds ghosts")
        }
        try calculator.compute(
            neighbors, exchange?.pointee, into: &result.orFailure("a place for the result").pointee)
    }
}

@_cdecl("apus_compute_centroid_virials")
public func apusComputeCentroidVirials(
    _ calculator: OpaquePointer?, _ neighbors: UnsafePointer<apus_neighbors>?,
    _ virials: UnsafeMutablePointer<Double>?
) -> apus_status {
    reporting {
        let calculator = Handle.object(try calculator.orFailure("a calculator"), as: Calculator.self)
        let neighbors = try neighbors.orFailure("neighbours").pointee
        guard neighbors.atoms >= 0, neighbors.ghosts >= 0 else {
            throw Failure.argument(
                "expected numbers of atoms and ghosts, found \(neighbors.atoms) and \(neighbors.ghosts)")
        }
        guard neighbors.atoms > 0 else { return }
        try calculator.centroidVirials(
            neighbors, into: virials.orFailure("places for the virials of \(neighbors.atoms) atoms"))
    }
}
