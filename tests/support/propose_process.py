"""The propose stage as a process of its own, over a few skills, to be watched and killed.

Usage: propose_process.py OUT N WORKERS [PAUSE_S [SEGMENT_RECORDS]]. Batches come back after random pauses of up to
PAUSE_S, and segments are closed after SEGMENT_RECORDS records, so that much can happen in a short time.
"""

from __future__ import annotations

import random
import sys
import time
from functools import partial
from typing import Any

from agentprop.config import ProposeConfig
from agentprop.skills import bundled_directory
from agentprop.stages.common.plan import CandidateBatch
from agentprop.stages.propose import builtin as propose_sources
from agentprop.stages.propose import run as propose
from agentprop.storage import run as runs

FEW = ("number-theory-*", "combinatorics-*", "coding-lists-*", "sequences-*")


def config(**settings: Any) -> ProposeConfig:
    """Settings over a few skills: the survey takes a moment, and there is still something to compose."""
    paths = sorted(str(path) for pattern in FEW for path in bundled_directory().glob(pattern))
    return ProposeConfig.model_validate({"skills": paths, "bundled_skills": False, "seed": 3, **settings})


_make = propose_sources.make


def slowly(pause_s: float, batch: CandidateBatch) -> Any:
    """The candidates of a batch, some time later."""
    time.sleep(random.uniform(0, pause_s))
    return _make(batch)


def main() -> None:
    """Run the stage to its end."""
    out, n, workers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    if len(sys.argv) > 4:
        propose_sources.make = partial(slowly, float(sys.argv[4]))
    if len(sys.argv) > 5:
        runs.SEGMENT_RECORDS = int(sys.argv[5])
    propose.run(config(n=n, workers=workers, max_template_repeats=100_000), out, quiet=True)


if __name__ == "__main__":
    import propose_process  # workers import the functions that they are given by the name of their module

    propose_process.main()
