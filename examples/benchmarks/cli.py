"""Cost of the command line itself: `agentprop --help` beside a bare typer app with as many commands.

    python examples/benchmarks/cli.py [--smoke] [--rounds 25] [--json]

Both are started as modules of the same interpreter, in turn, so that whatever else the machine does hits both alike.
The bare app has one file, no imports but typer, and commands that take nothing and do nothing. The ratio is that of the
medians; the first start of each, which compiles, is not counted.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import typer

from agentprop.cli import app

COMMAND = '@app.command()\ndef command{0}() -> None:\n    """Do what command {0} does."""\n\n'


def main() -> None:
    """Time both in turn and print the medians and their ratio."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--smoke", action="store_true", help="two rounds: does it run at all")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    commands = len(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "bare_app.py").write_text(bare_app(commands))
        ours, bare = in_turn(["agentprop", "bare_app"], folder, 2 if options.smoke else options.rounds)
    report = {
        "commands": commands,
        "agentprop_ms": round(1000 * ours, 1),
        "bare_typer_ms": round(1000 * bare, 1),
        "ratio": round(ours / bare, 2),
    }
    print(json.dumps(report) if options.json else "\n".join(f"{key:<14} {value}" for key, value in report.items()))


def bare_app(commands: int) -> str:
    """Source of a typer app with so many commands."""
    body = "".join(COMMAND.format(number) for number in range(commands))
    return f"import typer\n\napp = typer.Typer()\n\n{body}app()\n"


def in_turn(modules: list[str], folder: str, rounds: int) -> list[float]:
    """Median seconds of `python -m MODULE --help` for each module."""
    times: dict[str, list[float]] = {module: [] for module in modules}
    for _ in range(rounds + 1):
        for module in modules:
            times[module].append(seconds(module, folder))
    return [median(times[module][1:]) for module in modules]


def seconds(module: str, folder: str) -> float:
    """Wall-clock of one start."""
    path = os.pathsep.join(filter(None, [folder, os.environ.get("PYTHONPATH")]))
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", module, "--help"],
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path},
    )
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
