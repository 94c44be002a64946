"""Requests a second of agentprop's client beside the bare `openai` client, against a server that answers at once.

    python examples/benchmarks/client.py [--smoke] [--requests 3000] [--concurrency 64] [--processes 1] [--json]
                                         [--peer distilabel=PYTHON] [--peer curator=PYTHON] [--peer designer=PYTHON]

The server is nginx with one static JSON reply if nginx is installed, else a small one of our own; so what is
measured is the client's processor time. Every way sends the same conversation, in turn, in slices of a hundred
requests, and the lower quartile of the slices' times counts, because what is above had to share the machine. The result
is the ratio of agentprop's client to the fastest way of the bare client. Other tools run in interpreters of their own,
if they are installed (see `peers/`).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import resource
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import openai
from loopback import HERE, static_server

from agentprop.models.cache import ReplyCache, key_of
from agentprop.models.chat import Exchange, Message, Request
from agentprop.models.costs import Meter, charge
from agentprop.models.limiter import Limiter
from agentprop.models.registry import Models
from agentprop.models.settings import ModelSettings
from agentprop.models.wire import body_of, canonical, read

TEXT = "Propose one problem in mathematics, category number-theory, that needs these skills."
REPLY: dict[str, Any] = {
    "id": "reply",
    "object": "chat.completion",
    "created": 1,
    "model": "static",
    "choices": [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "The answer is 42."}}
    ],
    "usage": {"prompt_tokens": 20, "completion_tokens": 6, "total_tokens": 26},
}
BODY = {"model": "static", "messages": [{"role": "user", "content": TEXT}]}
REQUEST = Request((Message("user", TEXT),))
SLICE = 100

Call = Callable[[], Awaitable[object]]


@dataclass
class Way:
    """One way of sending a request, and what its slices took."""

    call: Call
    wall_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)


def main() -> None:
    """Measure, and print a table and the ratio."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--requests", type=int, default=3000)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--processes", type=int, default=1, help="agentprop's client alone, in so many processes too")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON", help="another tool to run")
    parser.add_argument("--smoke", action="store_true", help="a few requests: does it run at all")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    slices = 1 if options.smoke else max(1, options.requests // SLICE)
    size = 20 if options.smoke else SLICE
    with static_server(json.dumps(REPLY)) as server:
        base_url = server.base_url
        report = asyncio.run(compare(base_url, slices, size, options.concurrency))
        report["server"] = server.name
        report["parts_us"] = asyncio.run(parts(50 if options.smoke else 2000))
        if options.processes > 1:
            report["processes"] = scaling(base_url, slices * size, options.concurrency, options.processes)
        for peer in options.peer:
            name, _, python = peer.partition("=")
            report["requests_per_s"][name] = run_peer(name, python, base_url, slices * size, options.concurrency)
    print(json.dumps(report)) if options.json else show(report)


# --- clients in turn ---


async def compare(base_url: str, slices: int, size: int, concurrency: int) -> dict[str, Any]:
    async with contextlib.AsyncExitStack() as stack:
        ways = await open_ways(base_url, concurrency, stack)
        for way in ways.values():
            await drive(way.call, concurrency, concurrency)  # connections and caches of the interpreter
        for _ in range(slices):
            for way in ways.values():
                started, cpu = time.perf_counter(), time.process_time()
                await drive(way.call, size, concurrency)
                way.wall_s.append(time.perf_counter() - started)
                way.cpu_s.append(time.process_time() - cpu)
    rates = {name: size / lower_quartile(way.wall_s) for name, way in ways.items()}
    cpu_us = {name: lower_quartile(way.cpu_s) / size * 1e6 for name, way in ways.items()}
    fastest = max((name for name in rates if name.startswith("openai")), key=lambda name: rates[name])
    return {
        "requests": slices * size,
        "concurrency": concurrency,
        "requests_per_s": {name: round(rate, 1) for name, rate in rates.items()},
        "cpu_us_per_request": {name: round(cost, 1) for name, cost in cpu_us.items()},
        "fastest_openai": fastest,
        "ratio": round(rates["agentprop"] / rates[fastest], 3),
        "ratio_by_cpu": round(cpu_us[fastest] / cpu_us["agentprop"], 3),
    }


def lower_quartile(values: list[float]) -> float:
    return sorted(values)[len(values) // 4]


async def open_ways(
    base_url: str, concurrency: int, stack: contextlib.AsyncExitStack, request: Request = REQUEST
) -> dict[str, Way]:
    """The ways of sending a request, open until the end of the stack."""
    plain = await stack.enter_async_context(openai.AsyncOpenAI(base_url=base_url, api_key="none", max_retries=0))
    body = body_of(request, ModelSettings(model="static"))
    messages: Any = body["messages"]
    ways = {"openai create": Way(lambda: plain.chat.completions.create(model="static", messages=messages))}
    if find_spec("aiohttp"):
        client = openai.DefaultAioHttpClient()
        faster = await stack.enter_async_context(
            openai.AsyncOpenAI(base_url=base_url, api_key="none", max_retries=0, http_client=client)
        )
        ways["openai create, aiohttp"] = Way(lambda: faster.chat.completions.create(model="static", messages=messages))
        ways["openai post(object), aiohttp"] = Way(lambda: faster.post("/chat/completions", body=body, cast_to=object))
    settings = ModelSettings(model="static", base_url=base_url, max_concurrency=concurrency)
    models = Models()
    stack.push_async_callback(models.aclose)
    ours = models.open("proposer", settings)
    ways["agentprop"] = Way(lambda: ours.reply(request))
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    cache = ReplyCache(Path(folder) / "replies.sqlite")
    stack.callback(cache.close)
    cached = Models(cache=cache)
    stack.push_async_callback(cached.aclose)
    journalled = cached.open("proposer", settings)
    numbers = iter(range(10**9))
    ways["agentprop, each reply stored"] = Way(
        lambda: journalled.reply(Request(request.messages, sample=next(numbers)))
    )
    return ways


async def drive(call: Call, count: int, concurrency: int) -> None:
    left = iter(range(count))

    async def worker() -> None:
        for _ in left:
            await call()

    await asyncio.gather(*(worker() for _ in range(concurrency)))


# --- by part ---


async def parts(rounds: int) -> dict[str, float]:
    """Microseconds of each part of a request that is ours, one after the other."""
    settings = ModelSettings(model="static", base_url="http://localhost/v1")
    exchange, meter, limiter = Exchange(json.dumps(REPLY).encode()), Meter(), Limiter(64)
    usage = read(exchange).usage
    measured: dict[str, Callable[[], object]] = {
        "write the body": lambda: body_of(REQUEST, settings),
        "key of the cache": lambda: key_of(canonical(BODY, "static", 0)),
        "read the reply": lambda: read(exchange),
        "keep accounts": lambda: meter.add(("r", "m"), charge(usage, settings)),
    }
    found = {name: timed(part, rounds) for name, part in measured.items()}
    started = time.process_time()
    for _ in range(rounds):
        async with limiter.slot():
            limiter.succeeded()
    found["queue"] = (time.process_time() - started) / rounds * 1e6
    return {name: round(cost, 1) for name, cost in found.items()}


def timed(part: Callable[[], object], rounds: int) -> float:
    started = time.process_time()
    for _ in range(rounds):
        part()
    return (time.process_time() - started) / rounds * 1e6


# --- several processes ---


def scaling(base_url: str, count: int, concurrency: int, processes: int) -> dict[str, float]:
    """Requests a second of agentprop's client in 1 … `processes` processes."""
    found = {}
    for number in range(1, processes + 1):
        with ProcessPoolExecutor(number, mp_context=get_context("spawn")) as pool:
            arguments = [(base_url, count // number, concurrency // number)] * number
            list(pool.map(_alone, [(base_url, concurrency, concurrency)] * number))  # start, import, connect
            started = time.perf_counter()
            list(pool.map(_alone, arguments))
            found[str(number)] = round(count / (time.perf_counter() - started), 1)
    return found


def _alone(arguments: tuple[str, int, int]) -> None:
    base_url, count, concurrency = arguments

    async def run() -> None:
        models = Models()
        model = models.open("r", ModelSettings(model="static", base_url=base_url, max_concurrency=concurrency))
        await drive(lambda: model.reply(REQUEST), count, concurrency)
        await models.aclose()

    asyncio.run(run())


# --- other tools ---


def run_peer(name: str, python: str, base_url: str, count: int, concurrency: int) -> float:
    """Requests a second of another tool, by its own clock, without its start."""
    command = [python, str(HERE / "peers" / f"with_{name}.py"), base_url, str(count), str(concurrency)]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(command, capture_output=True, cwd=folder, text=True)
    if done.returncode:
        raise SystemExit(f"{name} failed: {done.stderr[-2000:]}")
    return round(count / float(done.stdout.split()[-1]), 1)


# --- what is shown ---


def show(report: dict[str, Any]) -> None:
    print(f"{report['requests']} requests at concurrency {report['concurrency']} against {report['server']}\n")
    for name, rate in sorted(report["requests_per_s"].items(), key=lambda item: item[1]):
        cpu = report["cpu_us_per_request"].get(name)
        print(f"{name:32}{rate:10.0f} requests/s" + (f"{cpu:10.0f} µs of processor time each" if cpu else ""))
    ratios = f"{report['ratio']:.2f} (by processor time {report['ratio_by_cpu']:.2f})"
    print(f"\nagentprop / {report['fastest_openai']}: {ratios}")
    print("of which ours, in µs: " + ", ".join(f"{name} {cost:.0f}" for name, cost in report["parts_us"].items()))
    for number, rate in report.get("processes", {}).items():
        print(f"agentprop in {number} processes: {rate:.0f} requests/s")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
