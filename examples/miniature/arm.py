"""The training of one arm, from the model with which its start has passed the gate.

python examples/miniature/arm.py --gate FILE --out DIR --seed 0 --arm mgpo --rate 2e-4
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from experiment import arm_command, gate_of


def main() -> int:
    """Train."""
    parser = argparse.ArgumentParser(description="one arm of the experiment")
    parser.add_argument("--gate", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--arm", required=True)
    parser.add_argument("--rate", type=float, required=True)
    asked = parser.parse_args()
    model, library = Path(gate_of(asked.gate)["model"]), asked.gate.parents[1] / "library"
    return subprocess.run(
        [sys.executable, *arm_command(asked.out, library, model, asked.seed, asked.arm, asked.rate)]
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
