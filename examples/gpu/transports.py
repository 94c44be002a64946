"""Transports of weights to vLLM servers on real GPUs → a table: seconds, memory that sleep frees, log-probs after each.

    python examples/gpu/transports.py --out runs/transports

Each arm is a process of its own with a time limit, so that one that fails or hangs says so in its row and takes nothing
along. It needs `agentic-proposing[train,vllm]`. Never run on a GPU: where it was written there
was none. With --device cpu the arms `disk` and `adapter` ran there.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
TOKENIZER = HERE.parents[1] / "miniature" / "start"
ARMS: dict[str, dict[str, Any]] = {
    "disk": {"transport": "disk"},
    "adapter": {"transport": "adapter", "lora_rank": 16},
    "disk + sleep 2": {"transport": "disk", "sampler_sleep": True},
    "adapter + sleep 1": {"transport": "adapter", "lora_rank": 16, "sampler_sleep": True},
    "nccl": {"transport": "nccl", "sampler_devices": ["cuda:1"]},
}
ARM_S = 160
"""Seconds that an arm may take; five of them stay below fifteen minutes."""
SENDS = 3
COLUMNS = ("arm", "start_s", "send_s", "freed_gib", "tokens_per_s", "gap_new", "gap_old", "error")


def main() -> None:
    """Run the arms, or one of them, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="directory for models, logs and results.json")
    parser.add_argument("--hidden", type=int, default=2048, help="hidden size of the model (default: 2048)")
    parser.add_argument("--layers", type=int, default=28, help="layers of the model (default: 28; about 1.3e9 weights)")
    parser.add_argument("--device", default="cuda:0", help="device of the trainer (default: cuda:0)")
    parser.add_argument("--seconds", type=float, default=ARM_S, help=f"time limit of an arm (default: {ARM_S})")
    parser.add_argument("--arms", default=",".join(ARMS), help="arms, by commas")
    parser.add_argument("--dry-run", action="store_true", help="print what would be run")
    parser.add_argument("--arm", help=argparse.SUPPRESS)
    options = parser.parse_args()
    wanted = options.arms.split(",")
    unknown = [name for name in wanted if name not in ARMS]
    if unknown:
        parser.error(f"there is no arm {unknown[0]}: choose among {', '.join(ARMS)}")
    if options.dry_run:
        print("\n".join(f"{name}: {json.dumps(ARMS[name])}, at most {options.seconds:g} s" for name in wanted))
    elif options.arm:
        print(json.dumps(asyncio.run(measured(options.arm, options.out, options.device))))
    else:
        model(options.out / "model", options.hidden, options.layers)
        rows = [row_of(name, options) for name in wanted]
        (options.out / "results.json").write_text(json.dumps(rows, indent=1))
        print(table(rows))


def model(path: Path, hidden: int, layers: int) -> None:
    """Write the shape of a Qwen3 of random weights, with the tokenizer of the miniature."""
    path.mkdir(parents=True, exist_ok=True)
    for file in TOKENIZER.iterdir():
        if file.suffix != ".safetensors":
            shutil.copy(file, path)
    shape = json.loads((TOKENIZER / "config.json").read_text())
    heads = max(hidden // 128, 1)
    sizes = {"hidden_size": hidden, "intermediate_size": 3 * hidden, "num_hidden_layers": layers}
    attention = {"num_attention_heads": heads, "num_key_value_heads": max(heads // 2, 1), "head_dim": 128}
    more = {"layer_types": ["full_attention"] * layers, "max_position_embeddings": 2048}
    (path / "config.json").write_text(json.dumps({**shape, **sizes, **attention, **more}))


def row_of(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Run an arm in a process of its own."""
    words = ["--out", options.out, "--device", options.device, "--arm", name]
    print(f"{name} …", file=sys.stderr, flush=True)
    try:
        done = subprocess.run(
            [sys.executable, HERE, *map(str, words)], text=True, capture_output=True, timeout=options.seconds
        )
    except subprocess.TimeoutExpired:
        return {"arm": name, "error": f"not done after {options.seconds:g} s"}
    (options.out / f"{name.replace(' ', '-')}.log").write_text(done.stderr)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        return {"arm": name, "error": lines[-1][:200]}
    return {"arm": name, **json.loads(done.stdout.splitlines()[-1])}


async def measured(name: str, out: Path, device: str) -> dict[str, Any]:
    """Measure one arm: start, sends of changed weights, sleep if it has that, and a batch of replies."""
    import torch

    from agentprop.config import TrainMgpoConfig
    from agentprop.models.settings import ModelSettings
    from agentprop.training.model.distributed import join
    from agentprop.training.model.policy import PolicyModel
    from agentprop.training.rl.vllm_sampler import VllmSampler

    if name == "nccl" and torch.cuda.device_count() < 2:
        sys.exit("NCCL refuses two processes on one GPU, and there is no second one")
    settings = {"model": str(out / "model"), "device": device, "max_length": 2048, "sampler": "vllm"}
    beside = {"sampler_devices": [device]} if device.startswith("cuda") else {}
    config = TrainMgpoConfig.model_validate({**settings, **beside, **ARMS[name]})
    with join(device) as world:
        policy = PolicyModel.load(config).distribute(world)
        folder = out / name.replace(" ", "-")
        sampler = VllmSampler(policy, config, world, folder, ModelSettings(model="", serve_args=("--enforce-eager",)))
        found: dict[str, Any] = {}
        try:
            found["start_s"] = await seconds(sampler.refresh(policy, 0))
            sends, freed = [], []
            for step in range(1, SENDS + 1):
                before = await replies(sampler, 1)
                held = free_bytes(world.device)
                await sampler.rest()
                freed.append(free_bytes(world.device) - held)
                change(policy)
                sends.append(await seconds(sampler.refresh(policy, step)))
                found["gap_old"] = gap(policy, before[0])
            found |= {"send_s": statistics.median(sends), "freed_gib": max(freed) / 2**30}
            started = time.perf_counter()
            batch = await replies(sampler, 64)
            tokens = sum(len(reply.choices[0].token_ids or ()) for reply in batch)
            found["tokens_per_s"] = tokens / (time.perf_counter() - started)
            found["gap_new"] = max(gap(policy, reply) for reply in batch[:8])
        finally:
            await sampler.aclose()
    return {key: round(value, 4) for key, value in found.items()}


async def seconds(work: Any) -> float:
    """Await something; return the seconds it took."""
    started = time.perf_counter()
    await work
    return time.perf_counter() - started


async def replies(sampler: Any, number: int) -> list[Any]:
    """Sample from one prompt, with a sample number for each reply."""
    from agentprop.models.chat import Message, Request, Sampling

    prompt, sampling = (Message("user", "Count to a hundred."),), Sampling(temperature=1.0, max_tokens=128, seed=1)
    asked = [sampler.model.reply(Request(prompt, sampling, sample=one)) for one in range(number)]
    return list(await asyncio.gather(*asked))


def gap(policy: Any, reply: Any) -> float:
    """Return the mean difference between a reply's log-probs and the policy's present ones, in nats."""
    import numpy as np
    import torch

    from agentprop.training.data.packing import batch_of
    from agentprop.training.data.sequences import TokenSequence

    choice = reply.choices[0]
    ids = np.array([*reply.prompt_token_ids, *choice.token_ids], np.int64)
    mask = np.arange(len(ids)) >= len(reply.prompt_token_ids)
    sequence = TokenSequence(ids, mask, np.where(mask, 0, -1), None, "one")
    with torch.no_grad():
        own = policy(batch_of([sequence]).to(policy.device)).logprob.float().cpu()
    return float((own - torch.tensor(choice.logprobs)).abs().mean())


def change(policy: Any) -> None:
    """Move the trained weights, as an update would, but further."""
    import torch

    torch.manual_seed(1)
    with torch.no_grad():
        for _, parameter in policy.trainable():
            parameter.add_(0.02 * torch.randn_like(parameter))


def free_bytes(device: Any) -> int:
    """Return the free memory of a GPU, over all processes; 0 on a CPU."""
    import torch

    if device.type != "cuda":
        return 0
    torch.cuda.empty_cache()
    return int(torch.cuda.mem_get_info(device)[0])


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows as a Markdown table.

    >>> print(table([{"arm": "disk", "send_s": 1.5}, {"arm": "nccl", "error": "no second GPU"}]))
    | arm | start_s | send_s | freed_gib | tokens_per_s | gap_new | gap_old | error |
    |---|---|---|---|---|---|---|---|
    | disk |  | 1.5 |  |  |  |  |  |
    | nccl |  |  |  |  |  |  | no second GPU |
    """
    lines = ["| " + " | ".join(str(row.get(name, "")) for name in COLUMNS) + " |" for row in rows]
    return "\n".join(["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS), *lines])


if __name__ == "__main__":
    main()
