"""The miniature's scripts, and a way to call them as a user would."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MINIATURE = ROOT / "examples" / "miniature"


def call(*words: str) -> str:
    """Run Python with these words, and return what it printed."""
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout
