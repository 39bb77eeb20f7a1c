#!/usr/bin/env bash
# SevenNet-0 learns acetylacetone and keeps what it knew: run.sh FOLDER, which gets its files.
# Needs apus and Python with ASE (PYTHON, APUS), and the sets acac, nbmotaw, li and sio2 in the folder DATA.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
apus=${APUS:-apus} python=${PYTHON:-python3} data=$(cd "${DATA:?expected the folder of the sets}" && pwd)
mkdir -p "$1" && cd "$1"
if [ ! -e sevennet-0.safetensors ]; then
  "$python" -m pip download --quiet --no-deps sevenn==0.13.0
  unzip -qojd . sevenn-*.whl '*11Jul2024/*.pth'
  "$apus" import checkpoint_sevennet_0.pth -o sevennet-0.safetensors
fi
"$python" "$here/structures.py" 600 crystals.xyz
"$apus" evaluate sevennet-0.safetensors crystals.xyz --predictions labelled.xyz --overwrite > /dev/null
"$python" "$here/structures.py" --sane labelled.xyz replay.xyz
for way in tune tune-gently; do
  time "$apus" train "$here/$way.yaml" --overwrite --threads 1 --set data.train="$data/acac/train_300K.xyz" \
    --set data.validation="$data/acac/valid_300K.xyz"
done
for set in acac/valid_300K acac/train_600K nbmotaw/valid li/valid sio2/valid; do
  for potential in sevennet-0 tuned/potential tuned-gently/potential; do
    "$apus" evaluate $potential.safetensors "$data/$set.xyz" --json | "$python" -c "
import json, sys
print('$set', '$potential', round(json.load(sys.stdin)['forces_rmse_mev_per_angstrom'], 1), 'meV/Å')"
  done
done
