import Foundation
import TestSupport
import Testing

@testable import Files

/// What is written is what is read, and a header that lies does no harm.
@Suite struct SafetensorsTests {
    /// Every byte counts, in the arrays and in what describes them; a file without a seal says that it has none.
    @Test func aSealFindsEveryChange() throws {
        let folder = try TemporaryFolder()
        var file = Safetensors()
        file.metadata = ["key": "text", "other": ""]
        file.set("a", [1, 2, 3, 4], shape: [2, 2])
        file.set("b", [5, 6], shape: [2], as: .int32)
        #expect(file.isIntact == nil)
        file.seal()
        #expect(file.isIntact == true)
        try file.write(to: folder.file("a.safetensors"))
        let read = try Safetensors(contentsOf: folder.file("a.safetensors"))
        #expect(read.isIntact == true)
        let changes: [(inout Safetensors) -> Void] = [
            { $0.metadata["key"] = "texT" }, { $0.metadata["more"] = "" }, { $0.metadata["other"] = nil },
            { $0.tensors["a"]!.bytes[17] ^= 1 }, { $0.tensors["a"]!.shape = [4] },
            { $0.tensors["c"] = $0.tensors["a"] },
            { $0.tensors["b"]!.type = .float32 }, { $0.tensors["b"] = nil },
            { file in (file.tensors["a"], file.tensors["b"]) = (file.tensors["b"], file.tensors["a"]) },
        ]
        for (number, change) in changes.enumerated() {
            var changed = read
            change(&changed)
            #expect(changed.isIntact == false, "change \(number)")
        }
    }

    @Test(arguments: [
        #"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,16]}}"#,
        #"{"a":{"dtype":"F32","shape":[1099511627776],"data_offsets":[0,4398046511104]}}"#,
        #"{"a":{"dtype":"F32","shape":[4],"data_offsets":[8,24]}}"#,
        #"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"b":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}"#,
        #"{"a":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}}"#,
        #"{"a":{"dtype":"F32","shape":[4],"data_offsets":[-16,0]}}"#,
        #"{"a":{"dtype":"F32","shape":[-4],"data_offsets":[0,16]}}"#,
        #"{"a":{"dtype":"F32","shape":[4.5],"data_offsets":[0,18]}}"#,
        #"{"a":{"dtype":"F32","shape":"4","data_offsets":[0,16]}}"#,
        #"{"a":{"dtype":"F32","shape":[4]}}"#, #"{"a":{"dtype":"F16","shape":[4],"data_offsets":[0,8]}}"#,
        #"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16,32]}}"#, #"{"a":7}"#, "[]", "7", "null", "",
        #"{"__metadata__":{"a":7}}"#, #"{"__metadata__":[]}"#, String(repeating: "[", count: 100_000),
        String(repeating: #"{"a":"#, count: 100_000),
    ])
    func aHeaderThatLiesIsAnError(_ header: String) {
        var bytes = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
        bytes.append(Data(header.utf8))
        bytes.append(Data(repeating: 0, count: 16))
        #expect(throws: SafetensorsError.self) { try Safetensors(bytes) }
    }

    @Test(arguments: [UInt64.max, 1 << 63, 100_000_001, 1 << 32, 17]) func aHeaderLengthThatLiesIsAnError(
        _ length: UInt64
    ) {
        var bytes = withUnsafeBytes(of: length.littleEndian) { Data($0) }
        bytes.append(Data("{}              ".utf8))
        #expect(throws: SafetensorsError.self) { try Safetensors(bytes) }
    }

    @Test func emptyShapesAndArraysAreFine() throws {
        var file = Safetensors()
        file.set("scalar", [3], shape: [])
        file.set("empty", [], shape: [0, 7], as: .int64)
        let read = try Safetensors(file.encoded())
        #expect(try read.values("scalar") == [3] && read.values("empty") == [])
        #expect(try Safetensors(Safetensors().encoded()).tensors.isEmpty)
    }
}
