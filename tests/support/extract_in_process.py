"""An extraction as a process of its own, with small segments, to be killed: SOURCE OUT [WORKERS]."""

from __future__ import annotations

import sys

from agentprop.config import ExtractConfig
from agentprop.stages.extract import mining
from agentprop.stages.extract import run as extract
from agentprop.storage import run as runs


def main(source: str, out: str, workers: str = "1") -> int:
    runs.SEGMENT_RECORDS = 4
    mining.CHUNK, mining.WINDOW = 4, 2
    extract.run(ExtractConfig(sources=(source,), workers=int(workers)), out, quiet=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
