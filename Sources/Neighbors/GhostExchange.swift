/// What a program that runs on a part of the atoms asks of whoever distributed them: LAMMPS, or another host that
/// keeps domains of a system in several processes.
///
/// Every process runs the same program, so the calls come in the same order everywhere, also where there are no
/// atoms.
public struct GhostExchange {
    /// Copies the rows of atoms that other processes hold into those of their ghosts here.
    public var fill: (Rows) -> Void
    /// Adds the rows of ghosts to those of the atoms they are copies of. What the rows of ghosts hold afterwards is
    /// not read.
    public var add: (Rows) -> Void

    /// `[atom, then ghost][width]` scalars of 4 or 8 bytes.
    public struct Rows {
        public var start: UnsafeMutableRawPointer
        public var scalarBytes: Int
        public var width: Int

        public init(start: UnsafeMutableRawPointer, scalarBytes: Int, width: Int) {
            self.start = start
            self.scalarBytes = scalarBytes
            self.width = width
        }
    }

    public init(fill: @escaping (Rows) -> Void, add: @escaping (Rows) -> Void) {
        self.fill = fill
        self.add = add
    }
}
