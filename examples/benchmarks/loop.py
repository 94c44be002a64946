"""Requests a second through the whole propose loop, beside the bare `openai` client and agentprop's client, in one run.

    python examples/benchmarks/loop.py [--smoke] [--requests 3000] [--rounds 3] [--concurrency 64] [--workers 1,2]
                                       [--json] [--peer distilabel=PYTHON] [--peer curator=PYTHON] [--peer designer=…]

The server answers every request at once with a problem whose statement holds a counter: so statements differ, nothing
is in the cache, and every candidate takes one request and what the contract runs in the sandbox. Requests count, not
acceptances; when they came says the server. The bare clients and agentprop's send the conversation of a second request,
over and over. All of them take turns, round
by round, because the machine has other work; each ratio is the median over the rounds of a ratio within a round.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from client import drive, open_ways, run_peer
from loop_parts import Costs, conversation, parts, skill_flags
from loopback import COUNTER, Server, counting_server
from model_server import STATEMENT
from processes import Sample, Watch

REQUESTS_PER_CANDIDATE = 1
SAMPLE_S = 0.1
REPLY = {
    "id": "x",
    "object": "chat.completion",
    "created": 1,
    "model": "proposer",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {
                "role": "assistant",
                "content": f"<action:submit>\n<statement>\n{STATEMENT.replace('$', '').format(name=COUNTER)}\n"
                '</statement>\n<answer type="integer">\n68\n</answer>\n'
                "<certificate>\nanswer = 14 + 23 + 31\n</certificate>\n"
                "</action:submit>",
            },
        }
    ],
    "usage": {"prompt_tokens": 900, "completion_tokens": 60, "total_tokens": 960},
}


def main() -> None:
    """Measure, and print a table and the ratios."""
    options = arguments()
    rates: dict[str, list[float]] = defaultdict(list)
    costs: dict[str, list[Costs]] = defaultdict(list)
    with counting_server(json.dumps(REPLY), "submit") as server, tempfile.TemporaryDirectory() as folder:
        for number in range(options.rounds):
            one_round(server, options, Path(folder) / str(number), rates, costs)
        report = summary(rates, costs, options)
        report["server"] = server.name
        report["parts_us"] = asyncio.run(parts(server.base_url, 20 if options.smoke else 300, options.concurrency))
    print(json.dumps(report)) if options.json else show(report)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--requests", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--workers", default="1,2", help="worker processes of the loop, one figure for each arm")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON", help="another tool to run")
    parser.add_argument("--smoke", action="store_true", help="a few requests: does it run at all")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    options.workers = [int(number) for number in options.workers.split(",")]
    if options.smoke:
        options.requests, options.rounds, options.workers = 90, 1, [1]
    return options


def one_round(
    server: Server,
    options: argparse.Namespace,
    folder: Path,
    rates: dict[str, list[float]],
    costs: dict[str, list[Costs]],
) -> None:
    """Every arm once."""
    for name, (rate, cost) in asyncio.run(clients(server.base_url, options.requests // 3, options.concurrency)).items():
        rates[name].append(rate)
        costs[name].append(cost)
    for workers in options.workers:
        rate, cost = whole_loop(server, options.requests, options.concurrency, workers, folder / str(workers))
        rates[loop_name(workers)].append(rate)
        costs[loop_name(workers)].append(cost)
    for peer in options.peer:
        name, _, python = peer.partition("=")
        rates[name].append(run_peer(name, python, server.base_url, options.requests // 3, options.concurrency))


def loop_name(workers: int) -> str:
    """Return the name of an arm of the loop."""
    return f"propose, --workers {workers}"


async def clients(base_url: str, count: int, concurrency: int) -> dict[str, tuple[float, Costs]]:
    """Requests a second and processor time of every way of sending one request, without the loop."""
    found = {}
    async with contextlib.AsyncExitStack() as stack:
        for name, way in (await open_ways(base_url, concurrency, stack, conversation())).items():
            await drive(way.call, concurrency, concurrency)  # connections and caches of the interpreter
            started, cpu = time.perf_counter(), time.process_time()
            await drive(way.call, count, concurrency)
            rate = count / (time.perf_counter() - started)
            found[name] = rate, {"all": (time.process_time() - cpu) / count * 1e6}
    return found


# --- the loop ---


def whole_loop(server: Server, requests: int, concurrency: int, workers: int, out: Path) -> tuple[float, Costs]:
    """Requests a second between the first and the last one, and processor time per request of each process."""
    candidates = max(1, requests // REQUESTS_PER_CANDIDATE)
    out.mkdir(parents=True)
    project = f'[models.static]\nbase_url = "{server.base_url}"\nmodel = "static"\nmax_concurrency = {concurrency}\n'
    (out / "agentprop.toml").write_text(project)
    server.forget()
    with (
        subprocess.Popen(
            propose(candidates, workers, out / "run"), cwd=out, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as process,
        Watch(process.pid, every_s=SAMPLE_S, memory=False) as watch,
    ):
        told = process.communicate()[1].decode()
    if process.returncode not in (0, 3):  # all accepted, or the bound on candidates
        sys.exit(f"propose ended with exit code {process.returncode}: {told}")
    seen = server.seen()
    first_s, last_s, count = seen["first_s"], seen["last_s"], seen["requests"]
    return count / (last_s - first_s), by_process(watch.between(first_s - SAMPLE_S, last_s + SAMPLE_S), count)


def propose(candidates: int, workers: int, out: Path) -> list[str]:
    """The command."""
    return [
        sys.executable,
        "-m",
        "agentprop",
        "propose",
        "--proposer",
        "static",
        "--n",
        str(candidates),
        "--quiet",
        "--max-candidates",
        str(candidates),
        "--workers",
        str(workers),
        "--out",
        str(out),
        "--verifier",
        "none",
        "--set",
        "max_template_repeats=1000000",
        *skill_flags(),
    ]


def by_process(samples: list[Sample], requests: float) -> Costs:
    """Microseconds of processor time per request: of the process that commits, and of those that converse."""
    first, last = dict(samples[0].cpu_s), dict(samples[-1].cpu_s)
    root = samples[0].cpu_s[0][0]
    spent = {pid: seconds - first.get(pid, 0.0) for pid, seconds in last.items()}
    mine = spent.pop(root)
    each = 1e6 / requests
    return {"converse": sum(spent.values()) * each, "commit": mine * each, "all": (mine + sum(spent.values())) * each}


# --- what comes out ---


def summary(
    rates: dict[str, list[float]], costs: dict[str, list[Costs]], options: argparse.Namespace
) -> dict[str, Any]:
    """Medians over the rounds."""
    bare = [name for name in rates if name.startswith("openai")]
    fastest = max(bare, key=lambda name: statistics.median(rates[name]))
    ours = [name for name in rates if name not in bare]
    return {
        "requests": options.requests,
        "rounds": options.rounds,
        "concurrency": options.concurrency,
        "cores": len(os.sched_getaffinity(0)),
        "requests_per_s": {name: round(statistics.median(found), 1) for name, found in rates.items()},
        "fastest_openai": fastest,
        "ratio": {
            name: ratio(rates[name], [max(r) for r in zip(*(rates[b] for b in bare), strict=True)]) for name in ours
        },
        "ratio_by_cpu": {
            name: ratio([cost["all"] for cost in costs[fastest]], [cost["all"] for cost in found])
            for name, found in costs.items()
            if name not in bare
        },
        "cpu_us_per_request": {name: median_costs(found) for name, found in costs.items()},
    }


def ratio(found: list[float], reference: list[float]) -> float:
    """The median of the ratios within the rounds."""
    return round(statistics.median(a / b for a, b in zip(found, reference, strict=True)), 3)


def median_costs(found: list[Costs]) -> Costs:
    """Part by part."""
    return {name: round(statistics.median(cost[name] for cost in found), 1) for name in found[0]}


def show(report: dict[str, Any]) -> None:
    """The same for people."""
    print(
        f"{report['requests']} requests at concurrency {report['concurrency']} against {report['server']}, median of "
        f"{report['rounds']} rounds, {report['cores']} cores\n"
    )
    for name, rate in sorted(report["requests_per_s"].items(), key=lambda item: item[1]):
        relative = f"{report['ratio'][name]:8.2f}" if name in report["ratio"] else " " * 8
        relative += f"{report['ratio_by_cpu'][name]:8.2f}" if name in report["ratio_by_cpu"] else " " * 8
        cost = report["cpu_us_per_request"].get(name, {})
        told = ", ".join(f"{part} {value:.0f}" for part, value in cost.items())
        print(f"{name:32}{rate:8.0f}/s{relative}   {told}")
    print(f"\nratios, by the clock and by processor time, are to the fastest bare client, {report['fastest_openai']};")
    print("then processor time per request in µs, by process, and here by part, each measured alone:")
    for name, cost in report["parts_us"].items():
        print(f"  {name:44}{cost:8.0f}")


if __name__ == "__main__":
    main()
