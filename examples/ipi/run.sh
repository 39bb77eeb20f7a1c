#!/usr/bin/env bash
# Silicon moved by i-PI with the forces of the potential that ships: at constant energy over a UNIX socket, then as a
# path integral of 4 beads with two drivers over TCP. `run.sh APUS` uses another program than .build/release/apus. Needs
# i-PI (pip install ipi ase) on the PATH; writes to the folder run.
set -euo pipefail
cd "$(dirname "$0")"
apus=$(realpath "${1:-../../.build/release/apus}")
potential=$(realpath ../../potentials/silicon-pbe.safetensors)
mkdir -p run
cp nve.xml pimd.xml start.xyz run
cd run
command -v i-pi >/dev/null || { echo "run.sh: i-pi is not on the PATH; pip install ipi ase" >&2; exit 1; }

# A server whose drivers are gone would wait for others.
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT

i-pi nve.xml >nve.log 2>&1 &
server=$!
"$apus" serve "$potential" start.xyz --socket unix:apus-nve
wait $server

i-pi pimd.xml >pimd.log 2>&1 &
server=$!
"$apus" serve "$potential" start.xyz --socket localhost:31415 --threads 1 >driver.log &
driver=$!
"$apus" serve "$potential" start.xyz --socket localhost:31415 --threads 1
wait $driver
wait $server

echo
echo "run/nve.out, run/pimd.out: time, conserved energy, temperature, potential energy"
echo "run/*.extxyz: trajectories (ase gui), one for each bead; run/nve.energies_0: the energy of each atom"
