"""A call → the seconds it takes and the memory it needs beyond what there was; and a way in a process of its own.

The benchmarks of training run each way in a fresh interpreter, because memory that one way has freed hides what the
next one needs. They are asked in the same way, too.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

PAGE = 4096
"""Smallest amount of memory that counts as more than nothing, bytes."""


class Measured:
    """Filled in when the block that it measures ends."""

    seconds: float
    """Processor time of all threads, which other work on the machine does not count in; on a GPU wall-clock."""
    mib: float
    """Highest memory in use within the block, less what was in use at its start."""


@contextmanager
def measured(device: str) -> Iterator[Measured]:
    """Time and peak memory of a block: the process's resident memory, or what torch allocated on a GPU."""
    found = Measured()
    before = _reset(device)
    clock = time.process_time if device == "cpu" else time.perf_counter
    started = clock()
    yield found
    if device != "cpu":
        torch.cuda.synchronize()
    found.seconds = clock() - started
    found.mib = max(_peak(device) - before, PAGE) / 2**20


def _reset(device: str) -> int:
    """Start counting anew; bytes in use now."""
    if device != "cpu":
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        return torch.cuda.memory_allocated()
    Path("/proc/self/clear_refs").write_text("5")  # the highest resident size so far is forgotten
    return _status("VmRSS")


def _peak(device: str) -> int:
    return torch.cuda.max_memory_allocated() if device != "cpu" else _status("VmHWM")


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(name))


def apart(script: str, *arguments: object) -> dict[str, Any]:
    """Run a script in an interpreter of its own and return the JSON in its last line."""
    done = subprocess.run(
        [sys.executable, script, *map(str, arguments)], stdout=subprocess.PIPE, text=True, check=True, env=os.environ
    )
    report: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return report


# --- what is asked ---


def parser_of(doc: str | None, *, rounds: int) -> argparse.ArgumentParser:
    """The options that all have."""
    parser = argparse.ArgumentParser(description=(doc or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--smoke", action="store_true", help="small and once: does it run at all")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--way", help=argparse.SUPPRESS)
    return parser


def workload_parser(doc: str | None, workloads: Iterable[str], default: str, *, rounds: int) -> argparse.ArgumentParser:
    """The same for those whose ways work on a model and a workload."""
    parser = parser_of(doc, rounds=rounds)
    parser.add_argument("--workload", choices=workloads, default=default)
    parser.add_argument("--model", help=argparse.SUPPRESS)
    return parser


def run(
    options: argparse.Namespace,
    measure: Callable[[argparse.Namespace], object],
    compare: Callable[[argparse.Namespace], dict[str, Any]],
    show: Callable[[dict[str, Any]], None],
) -> None:
    """Print what one way measured, or the comparison of all."""
    if options.way:
        from transformers.utils import logging

        logging.disable_progress_bar()
        warnings.simplefilter("ignore", FutureWarning)
        torch.set_num_threads(options.threads)
        print("\n" + json.dumps(measure(options)))
        return
    report = compare(options)
    print(json.dumps(report)) if options.json else show(report)
