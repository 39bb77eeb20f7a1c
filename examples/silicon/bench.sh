#!/usr/bin/env bash
# The time that models of several sizes take on 512 silicon atoms, on one thread and on all. `bench.sh APUS` uses
# another program than .build/release/apus. The numbers are also written to run/bench/NAME.json.
set -euo pipefail
cd "$(dirname "$0")"
apus=$(realpath "${1:-../../.build/release/apus}")

# measure NAME DESCRIPTION [settings of bench.yaml]
measure() {
    printf '\n── %s: %s\n\n' "$1" "$2"
    "$apus" train bench.yaml --overwrite "${@:3}" >/dev/null
    "$apus" benchmark run/bench/potential.safetensors start.xyz --supercell 4 --profile --all \
        --save "run/bench/$1.json" --overwrite
}

measure small "3 layers, l_max 1, parity false, 32 features" --set model.num_layers=3 --set model.l_max=1
measure l2 "4 layers, l_max 2, parity false, 32 features"
measure medium "4 layers, l_max 2, parity true, 32 features" --set model.parity=true
measure large "4 layers, l_max 3, parity true, 32 features" --set model.l_max=3 --set model.parity=true
measure wide "5 layers, 128x0e+64x1o+32x2e, parity false" --set model.num_layers=5 --set 'model.num_features=[128,64,32]'
