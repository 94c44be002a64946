#!/usr/bin/env bash
# The paper's pipeline at the paper's scale: corpora → skills → expert trajectories → SFT → MGPO → 11,000 problems → solver.
#
#   CORPORA=path/to/corpora BENCHMARK=aime.jsonl GPUS=8 bash examples/paper/pipeline.sh
#
# Servers are named in agentprop.toml beside this script. Every command resumes: after an interruption run this again.
# DRY_RUN=1 checks every setting, prints them, and runs nothing.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
corpora=$(realpath "${CORPORA:?a directory of corpora}")
benchmark=$(realpath "${BENCHMARK:?a benchmark, .jsonl or .parquet}")
runs=$(realpath -m "${RUNS:-runs/paper}")
gpus=${GPUS:-1}
dry=${DRY_RUN:+--dry-run}
cd "$here"  # where agentprop.toml is

skills=(--skills "$runs/skills") trained=$runs/mgpo/model solver=$runs/solver/model
if [ -n "$dry" ]; then
    skills=() trained=teacher solver=teacher  # what a run would have made by then
fi

stage() { # a command, its settings file, and the rest
    local command=$1 settings=$2
    shift 2
    agentprop "$command" --config "$settings.toml" "$@" $dry
}

spread() { # the same on every GPU
    local command=$1 settings=$2
    shift 2
    if [ -n "$dry" ] || [ "$gpus" = 1 ]; then
        stage "$command" "$settings" "$@"
    else
        torchrun --nproc-per-node "$gpus" -m agentprop "$command" --config "$settings.toml" "$@"
    fi
}

stage  extract      extract      "$corpora" --out "$runs/skills"
stage  propose      expert       "${skills[@]}" --out "$runs/expert"
stage  verify       verify       "$runs/expert" --out "$runs/expert-verdicts"
spread train-sft    train-sft    "$runs/expert" "$runs/expert-verdicts" --extracted "$runs/skills" --out "$runs/sft"
spread train-mgpo   train-mgpo   --model "$runs/sft/model" "${skills[@]}" --out "$runs/mgpo"
stage  propose      propose      --proposer "$trained" "${skills[@]}" --out "$runs/problems"
stage  verify       verify       "$runs/problems" --out "$runs/verdicts"
stage  probe        probe        "$runs/problems" --out "$runs/difficulties"
spread train-solver train-solver "$runs/problems" "$runs/verdicts" "$runs/difficulties" --out "$runs/solver"
stage  evaluate     evaluate     "$benchmark" --model "$solver" --out "$runs/score"
agentprop report "$runs/expert" "$runs/expert-verdicts" "$runs/problems" "$runs/verdicts" "$runs/difficulties" \
    --out "$runs/report.html" ${dry:+--help}
