import Compute
import Foundation
import Sockets
import Testing

@Suite struct SocketAddressTests {
    @Test func namesBecomePaths() throws {
        #expect(try SocketAddress("unix:water") == .unix(path: "/tmp/ipi_water"))
        #expect(try SocketAddress("unix:water", prefix: "/scratch/") == .unix(path: "/scratch/water"))
        #expect(try SocketAddress("unix:/run/a:b") == .unix(path: "/run/a:b"))
    }

    @Test func hostsHavePorts() throws {
        #expect(try SocketAddress("localhost:31415") == .internet(host: "localhost", port: 31415))
        #expect(try SocketAddress("[::1]:80") == .internet(host: "::1", port: 80))
        #expect(try SocketAddress("[::1]:80").description == "[::1]:80")
    }

    @Test(arguments: [
        "", "water", "unix:", ":31415", "localhost:", "localhost:0", "localhost:65536", "localhost:x", "::1:80",
    ])
    func mistakesAreErrors(text: String) {
        let error = #expect(throws: SocketError.self) { try SocketAddress(text) }
        #expect(error?.code == .badAddress)
        #expect(error?.message.contains("expected") == true)
    }

    @Test func aPathThatDoesNotFitIsRefused() {
        #expect(throws: SocketError.self) { try SocketAddress("unix:" + String(repeating: "a", count: 100)) }
        #expect(throws: Never.self) { try SocketAddress("unix:" + String(repeating: "a", count: 98)) }
    }

    @Test(arguments: ["unix:no-server-\(UUID())", "127.0.0.1:1", "[::1]:1"])
    func aServerThatIsNotThereIsNamed(text: String) throws {
        let address = try SocketAddress(text)
        var reasons: [String] = []
        let error = #expect(throws: SocketError.self) {
            try SocketConnection.open(address, patience: 0.2) { reasons.append($0) }
        }
        #expect(error?.code == .noServer)
        #expect(error?.message.hasPrefix("\(address): no server within") == true)
        #expect(reasons.count == 1)
    }

    @Test func waitingCanBeCancelled() throws {
        let cancellation = Cancellation()
        cancellation.cancel()
        let error = #expect(throws: SocketError.self) {
            try SocketConnection.open(.unix(path: "/nowhere"), patience: 100, cancellation: cancellation)
        }
        #expect(error?.code == .cancelled)
    }
}
