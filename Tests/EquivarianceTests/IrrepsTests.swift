import Testing

@testable import Equivariance

@Suite struct IrrepsTests {
    @Test(arguments: ["32x0e+32x1o+16x2e", "1x0e", "128x0e+64x1e+32x2e", "4x3o+0x1e+7x0o", ""])
    func notationSurvivesARoundTrip(_ text: String) throws {
        #expect(try Irreps(parsing: text).description == text)
    }

    @Test func notationIsReadAsE3nnReadsIt() throws {
        #expect(try Irreps(parsing: " 1o + 2x0e ").description == "1x1o+2x0e")
        #expect(Irreps("3x2e") == Irreps([.init(3, Irrep(l: 2, parity: .even))]))
        #expect(Irreps(String("3x2")) == nil)
        #expect(try Irreps(parsing: "  ").isEmpty)
    }

    @Test(arguments: [
        ("32x1", "'32x1' in irreps '0e+32x1'", IrrepsError.Code.malformedBlock),
        ("", "'' in irreps '0e+'", .malformedBlock),
        ("x1o", "'x1o'", .malformedBlock),
        ("-1x1o", "'-1x1o'", .malformedBlock),
        ("2x1x1o", "'2x1x1o'", .malformedBlock),
        ("2x1O", "'2x1O'", .malformedBlock),
        ("2x٣e", "'2x٣e'", .malformedBlock),
        ("1048577x0e", "exceeds 1048576", .multiplicityTooLarge),
        ("99999999999999999999x0e", "exceeds 1048576", .multiplicityTooLarge),
        ("1x65e", "exceeds 64", .degreeTooLarge),
    ])
    func wrongNotationIsNamed(_ block: String, _ words: String, _ code: IrrepsError.Code) throws {
        let error = try #require(throws: IrrepsError.self) { try Irreps(parsing: "0e+\(block)") }
        #expect(error.code == code)
        #expect(error.description.contains(words), "\(error)")
    }

    @Test func irrepsSortAsInTorch() throws {
        let order = try ["1e", "0e", "1o", "0o", "2o", "2e"].map { try Irreps(parsing: $0)[0].irrep }
        #expect(order.sorted().map(\.description) == ["0o", "0e", "1o", "1e", "2o", "2e"])
        #expect(order.sorted(by: Irrep.evenFirst).map(\.description) == ["0e", "0o", "1e", "1o", "2e", "2o"])
        let irreps = try Irreps(parsing: "2x1e+3x0e+4x1e+5x1o+0x0e")
        #expect(irreps.sorted.description == "3x0e+0x0e+5x1o+2x1e+4x1e")
        #expect(irreps.sortedOrder == [1, 4, 3, 0, 2])
        #expect(irreps.sorted.simplified.description == "3x0e+5x1o+6x1e")
    }

    @Test func simplifyingJoinsOnlyNeighbours() throws {
        #expect(try Irreps(parsing: "1o+2x1o+0x2e+3x1o+1e+1o").simplified.description == "6x1o+1x1e+1x1o")
    }

    @Test func sizesAreCounted() throws {
        let irreps = try Irreps(parsing: "32x0e+4x1o+2x2e+1x1o")
        #expect(irreps.dimension == 32 + 12 + 10 + 3)
        #expect(irreps.channelCount == 39)
        #expect(irreps.lMax == 2)
        #expect(Irreps([]).lMax == nil)
        #expect(irreps.multiplicity(of: Irrep(l: 1, parity: .odd)) == 5)
        #expect(irreps.ranges == [0..<32, 32..<44, 44..<54, 54..<57])
        #expect((irreps + irreps).dimension == 2 * irreps.dimension)
    }

    @Test func harmonicsAlternateInParity() {
        #expect(Irreps.sphericalHarmonics(lMax: 3).description == "1x0e+1x1o+1x2e+1x3o")
        #expect(Irreps.sphericalHarmonics(lMax: 2, parity: .even).description == "1x0e+1x1e+1x2e")
    }

    @Test func productsKeepTheDimension() {
        for l1 in 0...4 {
            for l2 in 0...4 {
                let (a, b) = (Irrep(l: l1, parity: .odd), Irrep(l: l2, parity: .even))
                #expect((a * b).reduce(0) { $0 + $1.dimension } == a.dimension * b.dimension)
                #expect((a * b).allSatisfy { $0.parity == .odd })
                #expect((a * a).allSatisfy { $0.parity == .even })
            }
        }
    }
}
