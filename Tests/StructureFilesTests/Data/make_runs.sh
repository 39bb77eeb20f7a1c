#!/bin/sh
# Makes the outputs of this folder anew, from the inputs in it: some seconds.
set -e
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
export OMP_NUM_THREADS=1
cd "$work"
pw.x -in "$here/QuantumEspresso/si_vcrelax.in" > si_vcrelax.pw.out || true
cp si_vcrelax.pw.out "$here/QuantumEspresso/"
cp tmp/x.save/data-file-schema.xml "$here/QuantumEspresso/si_vcrelax.data-file-schema.xml"
cp.x -in "$here/QuantumEspresso/sic.in" > sic.out
for ending in pos for evp cel str; do cp "tmp/sic.$ending" "$here/QuantumEspresso/"; done
cp2k -i "$here/CP2K/h2.inp" -o h2.out
sed -e 's/\(PROGRAM \(STARTED\|RAN\) ON  *\).*/\1host/' -e 's/\(PROGRAM \(STARTED\|RAN\) BY  *\).*/\1user/' \
    -e "s#$work#/somewhere#" h2.out > "$here/CP2K/h2.out"
cp h2-pos-1.xyz h2-frc-1.xyz h2-1.cell h2-1.stress "$here/CP2K/"
cp "$here/ABINIT/si_relax.abi" .
abinit si_relax.abi > log
cp si_relax.abo si_relaxo_DS1_HIST.nc "$here/ABINIT/"
rm -r "$work"
