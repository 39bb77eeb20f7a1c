#!/usr/bin/env bash
# From DFT data to a trajectory: trains a potential for silicon, measures its errors, runs molecular dynamics with it,
# first with a thermostat, then at constant energy, and draws its predictions beside DFT.
# `demo.sh APUS PYTHON` uses another program than .build/release/apus, and a Python that has matplotlib for the picture.
set -euo pipefail
cd "$(dirname "$0")"
apus=$(realpath "${1:-../../.build/release/apus}")
python=${2:-python3}
started=$SECONDS

say() { printf '\n── %s\n\n' "$*"; }

say "1. The data: silicon labelled with density functional theory"
"$apus" info silicon.xyz

say "2. Training, two minutes on two free cores, five at most (train.yaml)"
"$apus" train train.yaml --overwrite

say "3. Errors on all of the data"
"$apus" evaluate run/silicon/potential.safetensors silicon.xyz

say "4. 216 atoms at 300 K for 3 ps (md.yaml)"
"$apus" md md.yaml --overwrite

say "5. From its last frame on at constant energy, to see how well energy is conserved"
"$apus" md md.yaml --overwrite \
    --set structure=run/silicon/trajectory.nc --set frame=-1 --set supercell=1 --set velocities.from=structure \
    --set ensemble.name=nve \
    --set thermo.file=run/silicon/nve.csv --set trajectory.file=run/silicon/nve.nc

say "6. What is in the trajectory"
"$apus" info run/silicon/trajectory.nc

say "7. A picture: predictions beside DFT for the structures that were held back from the training"
picture="$PWD/run/silicon/parity.svg"
export PYTHONPATH=../../Sources/python
if "$python" -c 'import matplotlib, numpy' 2>/dev/null; then
    "$python" -m apus parity run/silicon/validation.xyz -o "$picture"
else
    picture="none"
    echo "Left out: $python has no matplotlib."
fi

cat <<END

── Done in $((SECONDS - started)) s. The picture: $picture

The files in $PWD/run/silicon:

  potential.safetensors         the potential; use it with apus md
  metrics.csv, train.log        errors after every epoch
  validation.xyz, parity.svg    predictions beside DFT, and their picture
  trajectory.nc, trajectory.pdb 3 ps at 300 K; open both in MDAnalysis, mdtraj, VMD or OVITO
  thermo.csv                    temperature, energies and pressure of its frames
  nve.nc, nve.pdb, nve.csv      3 ps at constant energy
  *.checkpoint                  where apus md --resume goes on

Try next, in $PWD:

  $apus train potential.yaml                                # a better potential, trained for longer
  $apus md md.yaml --resume --set steps=10000                        # the same run, further
  $apus md md.yaml --overwrite --set ensemble.temperature=600        # a hotter crystal
  $apus benchmark run/silicon/potential.safetensors start.xyz --supercell 4
END
