"""Growth of the main job: seconds and peak memory of `agentprop propose` for two targets, and their ratios, in one run.

    python examples/benchmarks/propose.py [--smoke] [--small 1100] [--large 11000] [--workers W] [--json]

Memory is that of the whole process tree, sampled every quarter of a second: proportional set size if the kernel lets
us read it, so that pages shared after a fork count once, and resident set size of those processes if it does not.
Seconds are wall-clock, from starting the command to its exit. A run of ten problems comes first and is not counted.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from processes import Watch, mib


@dataclass(frozen=True)
class Measured:
    """One run of the command."""

    accepted: int
    """Problems accepted."""
    candidates: int
    """Candidates that took."""
    seconds: float
    """Wall-clock."""
    peak_mib: float
    """Largest sum over the process tree, MiB."""
    processes: int
    """Most processes seen at once."""
    disk_mib: float
    """Size of the run directory, MiB."""


def main() -> None:
    """Measure both targets, one after the other, and print a table or JSON."""
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        if not options.smoke:  # nothing is read off a smoke run's seconds
            propose(10, Path(folder, "warm-up"), options.workers)
        small = propose(options.small, Path(folder, "small"), options.workers)
        large = propose(options.large, Path(folder, "large"), options.workers)
    report = {
        "small": asdict(small),
        "large": asdict(large),
        "time_ratio": round(large.seconds / small.seconds, 2),
        "memory_ratio": round(large.peak_mib / small.peak_mib, 2),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
    }
    print(json.dumps(report) if options.json else table(small, large, report))


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--small", type=int, default=1100)
    parser.add_argument("--large", type=int, default=11000)
    parser.add_argument("--workers", type=int, help="worker processes (default: all cores)")
    parser.add_argument("--smoke", action="store_true", help="20 and 60 problems: does it run at all")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    if options.smoke:
        options.small, options.large = 20, 60
    return options


def propose(n: int, out: Path, workers: int | None) -> Measured:
    """Run the command for `n` problems and watch its process tree."""
    command = [sys.executable, "-m", "agentprop", "propose", "--n", str(n), "--out", str(out), "--json", "--quiet"]
    command += ["--workers", str(workers)] if workers else []
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process, Watch(process.pid) as watch:
        printed = process.communicate()[0]
        seconds = time.perf_counter() - started
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with exit code {process.returncode}: {printed}")
    summary = json.loads(printed)
    disk = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    return Measured(
        summary["accepted"], summary["candidates"], round(seconds, 2), mib(watch.peak), watch.processes, mib(disk)
    )


def table(small: Measured, large: Measured, report: dict[str, object]) -> str:
    """The same numbers for people."""
    lines = [" accepted candidates  seconds   per s  peak MiB  procs  disk MiB"]
    lines += [
        f"{m.accepted:>9,} {m.candidates:>10,} {m.seconds:>8.1f} {m.accepted / m.seconds:>7.1f} {m.peak_mib:>9.1f}"
        f" {m.processes:>6} {m.disk_mib:>9.1f}"
        for m in (small, large)
    ]
    lines.append(f"time ratio {report['time_ratio']}, memory ratio {report['memory_ratio']}, {report['cores']} cores")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
