#!/usr/bin/env bash
# What Documentation/properties.md shows of silicon: relaxes the crystal, then its equation of state, elastic constants
# and phonons. properties.sh [APUS [POTENTIAL [FOLDER]]]
set -euo pipefail
cd "$(dirname "$0")"
apus=$(realpath "${1:-../../.build/release/apus}")
potential=${2:-../../potentials/silicon-pbe.safetensors}
folder=${3:-run/properties}
mkdir -p "$folder"

"$apus" relax "$potential" start.xyz "$folder/relaxed.xyz" --cell --fmax 0.001 --precision float64 --keep-symmetry --overwrite
"$apus" eos "$potential" "$folder/relaxed.xyz"
"$apus" elastic "$potential" "$folder/relaxed.xyz"
"$apus" phonons "$potential" "$folder/relaxed.xyz" --supercell 2 -o "$folder/phonons" --overwrite
