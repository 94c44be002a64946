"""Log-probs and their gradients without logits, beside plain log-softmax: seconds and peak memory.

    python examples/benchmarks/logprobs.py [--smoke] [--tokens 512] [--width 1024] [--vocabulary 151936] [--rounds 3]
                                           [--dtype float32] [--device cpu] [--threads 1] [--frozen] [--json]

Hidden states, a head and targets, the same for every way: plain log-softmax, TRL's chunked function if TRL is
installed, and agentprop's. Each runs in a process of its own, in turn; the best of all rounds counts. `--frozen`
leaves the head as it is, as adapters do; else it has a gradient.
`apart` is how far a way's log-probs and gradients are from the plain ones, relative to the largest.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import torch
from measuring import apart, measured, parser_of, run
from torch import Tensor

from agentprop.training.model.logprobs import token_scores

Scorer = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Hidden states [A, d], head [V, d], targets [A] → log-probs [A]."""
DIGEST = 64
"""Values of each result that are compared."""


def main() -> None:
    """Measure every way in turn, and print a table and the ratios."""
    parser = parser_of(__doc__, rounds=3)
    parser.add_argument("--tokens", type=int, default=512)
    parser.add_argument("--width", type=int, default=1024)
    parser.add_argument("--vocabulary", type=int, default=151_936)
    parser.add_argument("--frozen", action="store_true", help="a head that does not learn")
    options = parser.parse_args()
    if options.smoke and not options.way:
        options.tokens, options.width, options.vocabulary, options.rounds = 64, 32, 20_000, 1
    run(options, lambda asked: one(asked.way, asked), compare, show)


def compare(options: argparse.Namespace) -> dict[str, Any]:
    """Every way, `rounds` times in turn."""
    names = ("tokens", "width", "vocabulary", "dtype", "device", "threads")
    given = [part for name in names for part in (f"--{name}", getattr(options, name))] + ["--frozen"] * options.frozen
    ways = [name for name in WAYS if name != "trl" or find_spec("trl.kernels")]
    rounds = [{way: apart(__file__, *given, "--way", way) for way in ways} for _ in range(options.rounds)]
    best = {way: {key: min(r[way][key] for r in rounds) for key in ("forward_s", "backward_s", "mib")} for way in ways}
    values = {way: torch.tensor(rounds[0][way]["digest"], dtype=torch.float64) for way in ways}
    for way, found in best.items():
        found["apart"] = float(((values[way] - values["plain"]).abs().amax(1) / values["plain"].abs().amax(1)).max())
    ours, plain = best["agentprop"], best["plain"]
    return {
        **{name: getattr(options, name) for name in (*names, "frozen")},
        "ways": best,
        "time_ratio": round(_seconds(ours) / _seconds(plain), 3),
        "memory_ratio": round(ours["mib"] / plain["mib"], 4),
    }


def _seconds(found: dict[str, float]) -> float:
    return found["forward_s"] + found["backward_s"]


# --- one way ---


def one(way: str, options: argparse.Namespace) -> dict[str, Any]:
    """Log-probs and a weighted backward pass, measured."""
    torch.manual_seed(0)
    dtype, device = getattr(torch, options.dtype), options.device
    hidden = torch.randn(options.tokens, options.width).to(device, dtype).requires_grad_()
    head = (torch.randn(options.vocabulary, options.width) / options.width**0.5).to(device, dtype)
    head.requires_grad_(not options.frozen)
    targets = torch.randint(options.vocabulary, (options.tokens,), device=device)
    weight = torch.randn(options.tokens, device=device)
    score = WAYS[way]
    score(hidden.detach()[:8].requires_grad_(), head.detach()[:100], targets[:8] % 100).sum().backward()  # loads code
    with measured(device) as both:
        with measured(device) as forward:
            logprob = score(hidden, head, targets)
        (logprob * weight).sum().backward()
    assert hidden.grad is not None
    results = [logprob.detach(), hidden.grad[:, 0]] + ([] if head.grad is None else [head.grad[targets, 0]])
    return {
        "forward_s": forward.seconds,
        "backward_s": both.seconds - forward.seconds,
        "mib": both.mib,
        "digest": [values[:DIGEST].double().tolist() for values in results],
    }


def plain(hidden: Tensor, head: Tensor, targets: Tensor) -> Tensor:
    """All logits, in float32, and their log-softmax."""
    return (hidden @ head.T).float().log_softmax(-1).gather(1, targets[:, None]).squeeze(1)


def trl(hidden: Tensor, head: Tensor, targets: Tensor) -> Tensor:
    """Compute what the head that TRL's trainers put on a model computes."""
    from trl.kernels.chunked_logprob import ChunkedLogProbFunction

    logprob: Tensor = ChunkedLogProbFunction.apply(
        hidden, head, None, targets, 1.0, 32_768, None, 1.0, ("log_probs", "entropy")
    )[0]
    return logprob


def agentprop(hidden: Tensor, head: Tensor, targets: Tensor) -> Tensor:
    """As in training."""
    return token_scores(hidden, head, targets).logprob


WAYS: dict[str, Scorer] = {"plain": plain, "trl": trl, "agentprop": agentprop}


def show(report: dict[str, Any]) -> None:
    print(f"{report['tokens']} tokens, width {report['width']}, vocabulary {report['vocabulary']}, {report['dtype']}")
    print(f"{'':<12} {'forward s':>10} {'backward s':>10} {'peak MiB':>10} {'apart':>10}")
    for way, found in report["ways"].items():
        print(
            f"{way:<12} {found['forward_s']:>10.2f} {found['backward_s']:>10.2f} {found['mib']:>10.0f}"
            f" {found['apart']:>10.1e}"
        )
    print(f"agentprop / plain: time {report['time_ratio']}, memory {report['memory_ratio']}")


if __name__ == "__main__":
    main()
