import Foundation

/// Reads a number as Fortran, C or Python print it (`-1.5`, `.5`, `3.`, `1e-3`, `1.5D+01`, `inf`, `nan`), correctly
/// rounded. Nil when the bytes are anything else.
func parseDouble(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Double? {
    var at = range.lowerBound
    let end = range.upperBound
    guard at < end else { return nil }
    let isNegative = bytes[at] == UInt8(ascii: "-")
    if isNegative || bytes[at] == UInt8(ascii: "+") { at += 1 }

    var significand: UInt64 = 0
    var exponent = 0
    var digits = 0
    var significantDigits = 0
    var isAfterPoint = false
    while at < end {
        // Most digits come in eights: eight decimals of a coordinate.
        if at + 8 <= end, let eight = eightDigits(bytes, at) {
            digits += 8
            significantDigits += significantDigits > 0 ? 8 : decimalDigits(of: eight)
            if significantDigits <= 19 { significand = significand &* 100_000_000 &+ eight }
            if isAfterPoint { exponent -= 8 }
            at += 8
            continue
        }
        let digit = bytes[at] &- UInt8(ascii: "0")
        if digit < 10 {
            digits += 1
            if significantDigits > 0 || digit > 0 { significantDigits += 1 }
            // 19 digits fit into 64 bits; a longer number is read below.
            if significantDigits <= 19 { significand = significand &* 10 &+ UInt64(digit) }
            if isAfterPoint { exponent -= 1 }
        } else if bytes[at] == UInt8(ascii: "."), !isAfterPoint {
            isAfterPoint = true
        } else {
            break
        }
        at += 1
    }
    guard digits > 0 else { return isAfterPoint ? nil : parseSpecial(bytes, at..<end, isNegative: isNegative) }
    if at < end {
        let letter = bytes[at] | 0x20
        guard letter == UInt8(ascii: "e") || letter == UInt8(ascii: "d") else { return nil }
        guard let written = parseExponent(bytes, (at + 1)..<end) else { return nil }
        exponent += written
    }
    guard significantDigits <= 19 else { return parseSlowly(bytes, range) }
    if significand == 0 { return isNegative ? -0.0 : 0.0 }
    guard let magnitude = scaled(significand, exponent) else { return parseSlowly(bytes, range) }
    return isNegative ? -magnitude : magnitude
}

/// `significand · 10^exponent`, where one correctly rounded operation on exact operands gives it; otherwise nil.
private func scaled(_ significand: UInt64, _ exponent: Int) -> Double? {
    // Clinger (1990): both factors are exact doubles, so one operation rounds correctly.
    if significand <= 1 << 53, exponent >= -22, exponent <= 22 {
        return exponent < 0
            ? Double(significand) / powersOfTen[-exponent] : Double(significand) * powersOfTen[exponent]
    }
    #if arch(x86_64)
        // The same with the 64-bit significand of the x87 format, where 10^27 is exact. Rounding twice can only go
        // wrong beside the middle between two doubles (low 11 bits 10000000000).
        if exponent >= -27, exponent <= 27 {
            let product =
                exponent < 0
                ? Float80(significand) / longPowersOfTen[-exponent] : Float80(significand) * longPowersOfTen[exponent]
            let tail = product.significandBitPattern & 0x7FF
            if tail < 0x3FF || tail > 0x401 { return Double(product) }
        }
    #endif
    return nil
}

/// The number that eight bytes spell, where all are digits: pairs, fours and eights of digits side by side in one word
/// (Lemire 2021).
@inline(__always)
private func eightDigits(_ bytes: borrowing Span<UInt8>, _ at: Int) -> UInt64? {
    let word = UInt64(littleEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: at, as: UInt64.self))
    let digits = word ^ 0x3030_3030_3030_3030
    guard (digits | (digits &+ 0x0606_0606_0606_0606)) & 0xF0F0_F0F0_F0F0_F0F0 == 0 else { return nil }
    let pairs = (digits &* 10) &+ (digits >> 8)
    let mask: UInt64 = 0x0000_00FF_0000_00FF
    // 100 and 10⁶, 1 and 10⁴, in the two halves.
    let high = (pairs & mask) &* 0x000F_4240_0000_0064
    let low = ((pairs >> 16) & mask) &* 0x0000_2710_0000_0001
    return (high &+ low) >> 32
}

/// How many digits a number below 10⁸ has; 0 for 0.
private func decimalDigits(of number: UInt64) -> Int {
    var (count, bound) = (0, UInt64(1))
    while number >= bound {
        count += 1
        bound *= 10
    }
    return count
}

private let powersOfTen: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
    1e20, 1e21, 1e22,
]
#if arch(x86_64)
    private let longPowersOfTen: [Float80] = (0...27).map { Float80("1e\($0)")! }
#endif

/// A decimal integer of at most 6 digits: anything longer is no exponent of a double.
private func parseExponent(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Int? {
    var at = range.lowerBound
    guard at < range.upperBound else { return nil }
    let isNegative = bytes[at] == UInt8(ascii: "-")
    if isNegative || bytes[at] == UInt8(ascii: "+") { at += 1 }
    guard at < range.upperBound, range.upperBound - at <= 6 else { return nil }
    var value = 0
    while at < range.upperBound {
        let digit = bytes[at] &- UInt8(ascii: "0")
        guard digit < 10 else { return nil }
        value = value * 10 + Int(digit)
        at += 1
    }
    return isNegative ? -value : value
}

private func parseSpecial(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>, isNegative: Bool) -> Double? {
    guard (3...8).contains(range.count) else { return nil }
    switch text(bytes, range).lowercased() {
    case "nan": return .nan
    case "inf", "infinity": return isNegative ? -.infinity : .infinity
    default: return nil
    }
}

/// The rare number with more than 19 digits or a far exponent; its form has been checked.
private func parseSlowly(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> Double {
    // Swift's own reading knows no locale, unlike strtod; the form is right, so it cannot fail.
    Double(text(bytes, range).lowercased().replacing("d", with: "e")) ?? .nan
}

/// Bytes as text.
func text(_ bytes: borrowing Span<UInt8>, _ range: Range<Int>) -> String {
    var copy: [UInt8] = []
    copy.reserveCapacity(range.count)
    for i in range { copy.append(bytes[i]) }
    return String(decoding: copy, as: UTF8.self)
}

/// The next run of bytes that are neither blank nor tab, at or after `start`; nil at the end of the line.
@inline(__always)
func nextWord(_ bytes: borrowing Span<UInt8>, from start: Int, to end: Int) -> Range<Int>? {
    var first = start
    while first < end, isBlank(bytes[first]) { first += 1 }
    guard first < end else { return nil }
    var last = first + 1
    while last < end, !isBlank(bytes[last]) { last += 1 }
    return first..<last
}

@inline(__always)
func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
