#!/bin/bash
# The merge of the partitions of slurm.sh. If they hold too few problems, it notes what each owes and ends with code 3:
# then submit slurm.sh and this file again. A merge that was killed goes on where it was.
#SBATCH --job-name=agentprop-merge
#SBATCH --cpus-per-task=1
#SBATCH --mem=16G
#SBATCH --time=12:00:00
#SBATCH --requeue

set -euo pipefail
OUT=${OUT:-runs/million}

agentprop merge "$OUT" --n 1000000
agentprop compact "$OUT"
