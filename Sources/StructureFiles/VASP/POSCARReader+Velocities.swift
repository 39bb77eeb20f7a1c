import Atoms

extension POSCARReader {
    /// What stands behind the positions: `[atom]`, Å/fs, or nil where there are no velocities, or all are zero, as VASP
    /// writes them after a relaxation.
    ///
    /// What an integrator of VASP keeps for itself behind the velocities is passed over.
    func readVelocities(_ count: Int) throws -> [SIMD3<Double>]? {
        guard try lines.advance() else { return nil }
        var words = POSCARLine.words(lines.text)
        if let first = words.first?.first, "lL".contains(first) {
            try passLatticeVelocities()
            guard try lines.advance() else { return nil }
            words = POSCARLine.words(lines.text)
        }
        var isDirect = false
        if let first = words.first {
            guard POSCARLine.number(first) == nil else {
                throw error("expected \(count) atoms, found a line more: \(found); are the counts right?")
            }
            guard let letter = first.first, "cCkKdD".contains(letter) else {
                throw error(
                    "expected the end of the file, or an empty line, Cartesian or Direct before velocities, found \(found)"
                )
            }
            isDirect = "dD".contains(letter)
        }
        guard try advanceToText() else {
            guard words.isEmpty else {
                throw error("expected velocities of \(count) atoms, found the end of the file")
            }
            return nil
        }
        var velocities: [SIMD3<Double>] = []
        velocities.reserveCapacity(min(count, 1 << 16))
        for index in 0..<count {
            guard try index == 0 || lines.advance() else {
                throw error("expected velocities of \(count) atoms, found the end of the file after \(index)")
            }
            let words = POSCARLine.words(lines.text)
            let what = "the velocity of atom \(index + 1) of \(count)"
            guard words.count == 3 else { throw error("expected \(what) as three numbers, found \(found)") }
            velocities.append(try vector(of: words, what))
        }
        if try lines.advance(), !POSCARLine.words(lines.text).isEmpty {
            throw error("expected velocities of \(count) atoms, found a line more: \(found)")
        }
        guard velocities.contains(where: { $0 != .zero }) else { return nil }
        guard !isDirect else {
            remark(
                "\(path): has velocities in lattice vectors per time step; they are not read, since the file does not "
                    + "say the time step (give them in Å/fs behind an empty line)")
            return nil
        }
        return velocities
    }

    /// Moves on to a line that is not empty; false where there is none.
    private func advanceToText() throws -> Bool {
        while try lines.advance() {
            if !POSCARLine.words(lines.text).isEmpty { return true }
        }
        return false
    }

    /// A number that says how the lattice was initialised, three velocities and three vectors.
    private func passLatticeVelocities() throws {
        _ = try nextWords("the state of the lattice's velocities")
        for vector in 1...6 {
            _ = try nextVector(vector <= 3 ? "velocity \(vector) of the lattice" : "lattice vector \(vector - 3)")
        }
        remark("\(path): has velocities of the lattice, which are not used")
    }
}
