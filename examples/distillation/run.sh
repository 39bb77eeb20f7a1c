#!/usr/bin/env bash
# A small potential of silicon from SevenNet-0: run.sh FOLDER, which gets its files.
# Needs apus and Python with pip (APUS, PYTHON).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
apus=${APUS:-apus} python=${PYTHON:-python3}
mkdir -p "$1" && cd "$1"
if [ ! -e sevennet-0.safetensors ]; then
  "$python" -m pip download --quiet --no-deps sevenn==0.13.0
  unzip -qojd . sevenn-*.whl '*11Jul2024/*.pth'
  "$apus" import checkpoint_sevennet_0.pth -o sevennet-0.safetensors
fi
cp "$here/diamond.xyz" .
# What is there already is gone on with.
[ -e run/silicon/distil.json ] && resume=--resume
"$apus" distil sevennet-0.safetensors "$here/silicon.yaml" --threads "${THREADS:-1}" ${resume:-} | tee silicon.log
