#!/usr/bin/env bash
# The time of a step of 512 silicon atoms for models of several sizes. `bench.sh APUS` uses another program than
# .build/release/apus.
set -euo pipefail
cd "$(dirname "$0")"
apus=$(realpath "${1:-../../.build/release/apus}")

measure() {
    printf '\n── %s\n\n' "$1"
    "$apus" train bench.yaml --overwrite "${@:2}" >/dev/null
    "$apus" benchmark run/bench/potential.safetensors start.xyz --supercell 4 --profile --all
}

measure "small: 3 layers, l_max 1, parity false, 32 features" --set model.num_layers=3 --set model.l_max=1
measure "4 layers, l_max 2, parity false, 32 features"
measure "medium: 4 layers, l_max 2, parity true, 32 features" --set model.parity=true
measure "large: 4 layers, l_max 3, parity true, 32 features" --set model.l_max=3 --set model.parity=true
measure "5 layers, 128x0e+64x1o+32x2e, parity false" --set model.num_layers=5 --set 'model.num_features=[128,64,32]'
