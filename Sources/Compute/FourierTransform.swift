import Foundation

/// The discrete Fourier transform X_k = Σ_n x_n e^{−2πi kn/N} of N = 2^a 3^b 5^c numbers by division into parts (Cooley
/// and Tukey, Math. Comput. 19, 297 (1965)).
public enum FourierTransform {
    /// The longest length up to `count` that is a product of 2, 3 and 5, and even.
    public static func length(upTo count: Int) -> Int {
        precondition(count >= 2, "expected at least two numbers, got \(count)")
        return stride(from: count, through: 2, by: -1).first { $0 % 2 == 0 && isProduct($0) }!
    }

    /// The shortest one from `count` on.
    public static func length(from count: Int) -> Int { (max(2, count)...).first { $0 % 2 == 0 && isProduct($0) }! }

    private static func isProduct(_ count: Int) -> Bool {
        var rest = count
        for factor in [2, 3, 5] { while rest % factor == 0 { rest /= factor } }
        return rest == 1
    }

    /// - Precondition: the count has no other prime factors than 2, 3 and 5.
    public static func transform(_ numbers: [ComplexNumber]) -> [ComplexNumber] {
        let n = numbers.count
        precondition(n > 0 && isProduct(n), "expected a length of factors 2, 3 and 5, got \(n)")
        let roots = (0..<n).map { k in
            let angle = -2 * Double.pi * Double(k) / Double(n)
            return ComplexNumber(cos(angle), sin(angle))
        }
        var result = numbers
        result.withUnsafeMutableBufferPointer { result in
            numbers.withUnsafeBufferPointer { numbers in
                roots.withUnsafeBufferPointer { roots in
                    var scratch = [ComplexNumber](repeating: ComplexNumber(0), count: n)
                    scratch.withUnsafeMutableBufferPointer {
                        divide(numbers, first: 0, stride: 1, into: result, at: 0, count: n, roots, $0)
                    }
                }
            }
        }
        return result
    }

    private static func divide(
        _ x: UnsafeBufferPointer<ComplexNumber>, first: Int, stride: Int,
        into result: UnsafeMutableBufferPointer<ComplexNumber>, at place: Int, count: Int,
        _ roots: UnsafeBufferPointer<ComplexNumber>, _ scratch: UnsafeMutableBufferPointer<ComplexNumber>
    ) {
        guard count > 1 else {
            result[place] = x[first]
            return
        }
        let parts = count % 2 == 0 ? 2 : count % 3 == 0 ? 3 : 5
        let size = count / parts
        for r in 0..<parts {
            divide(
                x, first: first + r * stride, stride: stride * parts, into: result, at: place + r * size, count: size,
                roots, scratch)
        }
        for k in 0..<size {
            for q in 0..<parts {
                let index = k + q * size
                var (real, imaginary) = (0.0, 0.0)
                for r in 0..<parts {
                    let (a, w) = (result[place + r * size + k], roots[r * index % count * stride])
                    real += a.real * w.real - a.imaginary * w.imaginary
                    imaginary += a.real * w.imaginary + a.imaginary * w.real
                }
                scratch[index] = ComplexNumber(real, imaginary)
            }
        }
        for index in 0..<count { result[place + index] = scratch[index] }
    }
}
