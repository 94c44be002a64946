"""What a start goes on with once it has passed its gate: the training of an arm, or an exam of the start's own model.

python examples/miniature/after_gate.py --gate FILE --out DIR --seed 0 (--arm mgpo --rate 2e-4 | --exam held_out)

Which model that is stands in the gate's file, so the command is known only now.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from experiment import arm_command, exam_command, gate_of


def main() -> int:
    """Run the command of agentprop; of an exam 3 says that it stopped at its number of candidates."""
    parser = argparse.ArgumentParser(description="an arm of the experiment, or an exam of what it begins with")
    parser.add_argument("--gate", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--rate", type=float, default=0.0)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--arm")
    what.add_argument("--exam")
    asked = parser.parse_args()
    model, library = Path(gate_of(asked.gate)["model"]), asked.gate.parents[1] / "library"
    if asked.exam is not None:
        command = exam_command(model, library, asked.out, asked.seed, asked.exam)
    else:
        command = arm_command(asked.out, library, model, asked.seed, asked.arm, asked.rate)
    return subprocess.run([sys.executable, *command]).returncode


if __name__ == "__main__":
    sys.exit(main())
