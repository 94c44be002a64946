#!/bin/bash
# One run on a Ray cluster that you hold already: `bash ray.sh http://HEAD:8265`. One process commits and writes, so this
# suits some dozens of cores; beyond that use partitions.
#
# agentprop, at one version, must be installed on every node; jobs need `pip install 'ray[default]'` on the head and here.
# No working directory is uploaded: OUT lies where the job's driver runs. The command ends with 1 whatever agentprop ended
# with; the job's log tells why. Resuming: submit the job again. A node or actor that dies costs nothing but the batch it
# worked on, which is made again; a driver that dies costs the open segment.
set -euo pipefail

ADDRESS=${1:?the address of the dashboard, such as http://HEAD:8265}
OUT=${OUT:-/shared/runs/ray}

ray job submit --address "$ADDRESS" -- agentprop propose --n 100000 --seed 1 --out "$OUT" --engine ray --address auto --window 96 --workers 64 --quiet
