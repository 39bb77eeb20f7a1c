#!/usr/bin/env bash
# The thermal conductivity of Stillinger and Weber's silicon in two ways (Documentation/analysis.md): from fluctuations
# of the heat flux, and from runs that heat is driven through. conductivity.sh [APUS [STEPS [FOLDER]]]
set -euo pipefail
cd "$(dirname "$0")"
apus=$(realpath "${1:-../../.build/release/apus}")
steps=${2:-200000}
folder=$(realpath -m "${3:-run/conductivity}")
mkdir -p "$folder"

common="{structure: $PWD/start.xyz, supercell: [3, 3, 3], timestep: 1 fs, steps: $steps, report_every: $((steps / 10)),
  potential: {stillinger-weber: {}}, velocities: {temperature: 2000 K}, checkpoint: false"
for seed in 1 2; do
  echo "$common, seed: $seed, ensemble: {name: nve}, heat_flux: {every: 5, file: $folder/flux-$seed.csv}}" > "$folder/md.yaml"
  "$apus" md "$folder/md.yaml" --overwrite
done
for field in 2e-4 4e-4; do
  echo "$common, ensemble: {name: nose-hoover, temperature: 1000 K, time: 100 fs}, heat_driving: [0, 0, $field],
    heat_flux: {every: 5, file: $folder/driven-$field.csv}}" > "$folder/md.yaml"
  "$apus" md "$folder/md.yaml" --overwrite
done
# The first tenth is left out.
first=$((steps / 50))
"$apus" analyze "$folder"/flux-*.csv --green-kubo --first $first --max-frequency 20 -o "$folder/green-kubo" --overwrite
for field in 2e-4 4e-4; do
  "$apus" analyze "$folder/driven-$field.csv" --driven "0 0 $field" --first $first
done
