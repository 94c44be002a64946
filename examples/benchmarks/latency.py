"""Trajectories against a server that takes its time: how much of the allowed concurrency is used, and is memory flat?

    python examples/benchmarks/latency.py [--smoke] [--trajectories 11000] [--median 0.5] [--sigma 0.8]
                                          [--concurrency 64] [--workers 1] [--script think,think,submit] [--json]

The server is a process of its own whose replies take a log-normal time: a typical language model's median of two
seconds, scaled down fourfold so that the run takes minutes, which asks four times as much of us; `--median 2
--concurrency 256` is the real thing in as many minutes, with more conversations at once. It counts by itself what is
under way. Each trajectory reflects, and submits a problem whose certificate is run in the sandbox. Achieved concurrency
is the time average of the requests under way, between the first request and the last reply, divided by what was
allowed; memory is that of the whole process tree, and flat means that the last quarter of the run needs as much as the
second one.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from loop_parts import skill_flags
from loopback import Server, model_server
from processes import Sample, Watch, mib


def main() -> None:
    """Measure, and print a table or JSON."""
    options = arguments()
    script = ("--script", options.script, "--median", str(options.median), "--sigma", str(options.sigma))
    with model_server(*script) as server, tempfile.TemporaryDirectory() as folder:
        report = measure(server, options, Path(folder))
    print(json.dumps(report)) if options.json else show(report)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--trajectories", type=int, default=11_000)
    parser.add_argument("--median", type=float, default=0.5, help="seconds of a reply")
    parser.add_argument("--sigma", type=float, default=0.8, help="of the logarithm")
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--script", default="think,think,submit")
    parser.add_argument("--smoke", action="store_true", help="a few trajectories: does it run at all")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    if options.smoke:
        options.trajectories, options.median, options.concurrency = 40, 0.05, 8
    return options


def measure(server: Server, options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Run the stage to its end and look on."""
    (folder / "agentprop.toml").write_text(
        f'[models.slow]\nbase_url = "{server.base_url}"\nmodel = "slow"\nmax_concurrency = {options.concurrency}\n'
    )
    command = [
        sys.executable,
        "-m",
        "agentprop",
        "propose",
        "--proposer",
        "slow",
        "--n",
        str(options.trajectories),
        "--quiet",
        "--workers",
        str(options.workers),
        "--out",
        str(folder / "run"),
        *skill_flags(),
        "--json",
    ]
    with (
        subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process,
        Watch(process.pid, every_s=1.0) as watch,
    ):
        printed = process.communicate()[0]
    if process.returncode:
        sys.exit(f"propose ended with exit code {process.returncode}")
    seen, summary = server.seen(), json.loads(printed)
    seconds = seen["last_s"] - seen["first_s"]
    during = watch.between(seen["first_s"], seen["last_s"]) or watch.samples
    return {
        "trajectories": summary["candidates"],
        "accepted": summary["accepted"],
        "turns": summary["turns"],
        "requests": seen["requests"],
        "seconds": round(seconds, 1),
        "requests_per_s": round(seen["requests"] / seconds, 1),
        "allowed": options.concurrency,
        "peak": seen["peak"],
        "achieved": round(seen["busy_s"] / seconds / options.concurrency, 3),
        "memory_mib": {
            "second quarter": quarter(during, 1),
            "last quarter": quarter(during, 3),
            "peak": mib(watch.peak),
        },
        "memory_ratio": round(quarter(during, 3) / quarter(during, 1), 3),
        "median_s": options.median,
        "sigma": options.sigma,
    }


def quarter(samples: list[Sample], number: int) -> float:
    """Median memory of a quarter of the run, MiB."""
    size = max(1, len(samples) // 4)
    chosen = samples[number * size : (number + 1) * size] or samples[-1:]
    return mib(statistics.median(sample.bytes for sample in chosen))


def show(report: dict[str, Any]) -> None:
    """The same for people."""
    print(
        f"{report['trajectories']:,} trajectories, {report['requests']:,} requests in {report['seconds']:.0f} s; "
        f"replies take {report['median_s']:g} s in the median (log-normal, σ {report['sigma']:g})"
    )
    print(f"concurrency: {report['achieved']:.1%} of the allowed {report['allowed']}, peak {report['peak']:.0f}")
    sizes = ", ".join(f"{name} {size:.0f}" for name, size in report["memory_mib"].items())
    print(f"memory in MiB: {sizes}; last to second quarter {report['memory_ratio']:.2f}")


if __name__ == "__main__":
    main()
