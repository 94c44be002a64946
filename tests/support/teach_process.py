"""An extraction as a process of its own, with small segments, to be killed: SOURCE MODEL OUT."""

from __future__ import annotations

import sys

from agentprop.config import ExtractConfig
from agentprop.stages.extract import run as extract
from agentprop.stages.extract import teach
from agentprop.storage import run as runs


def main(source: str, model: str, out: str) -> int:
    runs.SEGMENT_RECORDS = 1
    teach.BATCH = 1
    extract.run(ExtractConfig(sources=(source,), teacher=model, workers=1, chunk_characters=240), out, quiet=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
