#!/bin/bash
# A run of a million problems as a Slurm array: 256 partitions of 16 cores, 64 of them at once, and a merge.
#
#     sbatch slurm.sh                                        the partitions
#     sbatch --dependency=afterany:JOB slurm_merge.sh        the merge, when all of them have ended
#
# Resuming: submit the same file again. Finished partitions end at once, the others go on. A partition that is
# preempted, or whose time is over, gets SIGTERM two minutes before; it commits what it has finished, ends with code 130,
# and --requeue or the next submission continues it. A node that dies costs the open segment: at most 10 seconds of work.
#SBATCH --job-name=agentprop
#SBATCH --array=0-255%64
#SBATCH --cpus-per-task=16
#SBATCH --mem=16G
#SBATCH --time=4:00:00
#SBATCH --requeue
#SBATCH --signal=B:TERM@120
#SBATCH --open-mode=append
#SBATCH --output=agentprop-%A-%a.log

OUT=${OUT:-runs/million} # on a file system that all nodes share

trap 'kill -TERM "$CHILD"; wait "$CHILD"; exit $?' TERM # with the partition's own code
agentprop propose --n 1000000 --seed 1 --out "$OUT" --partitions 256 --partition auto --window 24 --workers 16 --quiet &
CHILD=$!
wait "$CHILD"
