#!/usr/bin/env bash
# The paper's pipeline at the paper's scale: corpora → skills → expert trajectories → SFT → MGPO → 11,000 problems → solver.
#
#   CORPORA=path/to/corpora BENCHMARK=aime.jsonl GPUS=8 bash examples/paper/pipeline.sh
#
# With several GPUs, reinforcement learns on the first half of them and samples on the other half, by vLLM.
# SOLVER=train-solver-30b trains the 30B solver.
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

skills=(--skills "$runs/skills") imitated=$runs/sft/model trained=$runs/mgpo/model solver=$runs/solver/model
if [ -n "$dry" ]; then
    skills=() imitated=shape trained=teacher solver=teacher  # what a run would have made by then
fi

learners=$gpus placed=()
if [ "$gpus" -gt 1 ]; then
    learners=$((gpus / 2))
    placed=(--set sampler=vllm --set "sampler_devices=$(seq -s, -f 'cuda:%g' "$learners" $((gpus - 1)))")
    placed+=(--set "plan_devices=$learners")
fi

stage() { # a command, its settings file, and the rest
    local command=$1 settings=$2
    shift 2
    agentprop "$command" --config "$settings.toml" "$@" $dry
}

spread() { # the same by so many processes, each on a GPU
    local processes=$1 command=$2 settings=$3
    shift 3
    if [ -n "$dry" ] || [ "$processes" = 1 ]; then
        stage "$command" "$settings" "$@"
    else
        torchrun --nproc-per-node "$processes" -m agentprop "$command" --config "$settings.toml" "$@"
    fi
}

stage  extract      extract      "$corpora" --out "$runs/skills"
stage  propose      expert       "${skills[@]}" --out "$runs/expert"
stage  verify       verify       "$runs/expert" --out "$runs/expert-verdicts"
spread "$gpus" train-sft train-sft "$runs/expert" "$runs/expert-verdicts" --extracted "$runs/skills" --out "$runs/sft"
spread "$learners" train-mgpo train-mgpo --model "$imitated" "${skills[@]}" "${placed[@]}" --out "$runs/mgpo"
stage  propose      propose      --proposer "$trained" "${skills[@]}" --out "$runs/problems"
stage  verify       verify       "$runs/problems" --out "$runs/verdicts"
stage  probe        probe        "$runs/problems" --out "$runs/difficulties"
spread "$learners" train-solver "${SOLVER:-train-solver}" "$runs/problems" "$runs/verdicts" "$runs/difficulties" \
    "${placed[@]}" --out "$runs/solver"
stage  evaluate     evaluate     "$benchmark" --model "$solver" --out "$runs/score"
agentprop report "$runs/expert" "$runs/expert-verdicts" "$runs/problems" "$runs/verdicts" "$runs/difficulties" \
    --out "$runs/report.html" ${dry:+--help}
