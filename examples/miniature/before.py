"""The exam of the model with which the arms of a start begin.

python examples/miniature/before.py --gate FILE --exam held_out --seed 0 --out DIR
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from experiment import exam_command, gate_of


def main() -> int:
    """Examine; 3 says that the exam stopped at its number of candidates."""
    parser = argparse.ArgumentParser(description="the exam of a start's model")
    parser.add_argument("--gate", type=Path, required=True)
    parser.add_argument("--exam", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    model, library = Path(gate_of(asked.gate)["model"]), asked.gate.parents[1] / "library"
    command = exam_command(model, library, asked.out, asked.seed, asked.exam)
    return subprocess.run([sys.executable, *command]).returncode


if __name__ == "__main__":
    sys.exit(main())
