import Testing

@testable import Equivariance

@Suite struct E3nnIrrepsTests {
    @Test func irrepsAreThoseOfE3nn() throws {
        for item in try ReferenceCase.all("irreps") {
            let irreps = try item.irreps("text")
            #expect(irreps.dimension == (try item.integer("dim")))
            #expect(irreps.channelCount == (try item.integer("num_irreps")))
            #expect(irreps.lMax == (try item.integer("lmax")))
            #expect(irreps.degrees.map(Double.init) == (try item.numbers("ls")))
            #expect(irreps.simplified.description == (try item.text("simplified")))
            #expect(irreps.sorted.description == (try item.text("sorted")))
            #expect(irreps.sortedPlaces.map(Double.init) == (try item.numbers("permutation")))
            #expect(irreps.sortedOrder.map(Double.init) == (try item.numbers("inverse")))
            #expect(irreps.regrouped.description == (try item.text("regrouped")))
            #expect(irreps.withoutEmptyBlocks.description == (try item.text("without_zeros")))
            let slices = irreps.ranges.flatMap { [Double($0.lowerBound), Double($0.upperBound)] }
            #expect(slices == (try item.numbers("slices")))
            let counts = try item.at("count")
            for key in counts.keys {
                #expect(irreps.multiplicity(of: try #require(Irrep(key))) == (try counts.integer(key)))
            }
            #expect((irreps * (try item.irreps("other"))).description == (try item.text("product")))
        }
    }

    @Test func enumerationAndProductsAreThoseOfE3nn() throws {
        let file = try ReferenceCase.file("irreps")
        let names = try file.texts("iterator")
        #expect(Irrep.all(lMax: 6).prefix(names.count).map(\.description) == names)
        let products = try file.at("products")
        for key in products.keys {
            let factors = try key.split(separator: "*").map { try #require(Irrep(String($0))) }
            #expect((factors[0] * factors[1]).map(\.description) == (try products.texts(key)))
        }
    }

    @Test func sortedFeaturesSortBack() throws {
        let irreps: Irreps = "2x1e+3x0e+1x1o+1x2e"
        let features = (0..<irreps.dimension).map(Double.init)
        let sorted = irreps.sorting(features)
        #expect(Array(sorted.prefix(6)) == [6, 7, 8, 9, 10, 11])
        #expect(irreps.unsorting(sorted) == features)
    }

    @Test func secondMomentsAreThoseOfE3nn() throws {
        let moments = try ReferenceCase.file("activations").at("second_moments")
        #expect(moments.keys == ScalarFunction.allCases.map(\.rawValue).sorted())
        for function in ScalarFunction.allCases {
            #expect(abs(function.secondMoment - (try moments.number(function.rawValue))) < 1e-15)
        }
    }

    /// Slopes against central differences; parities against values.
    @Test func functionsHaveTheirSlopesAndParities() {
        for function in ScalarFunction.allCases {
            for x in [-31.0, -2.3, -0.4, 0.7, 1.9, 40] {
                let step = 1e-5
                let difference = (function(x + step) - function(x - step)) / (2 * step)
                #expect(abs(function.slope(x) - difference) < 1e-9, "\(function) at \(x)")
                if let parity = function.parity { #expect(abs(function(-x) - parity.sign * function(x)) < 1e-15) }
            }
            #expect(function(-800).isFinite && function.slope(-800).isFinite)
        }
    }
}
