"""Rejects of an extraction → the corpus' answers that are likely wrong, one JSON object a line.

A line has the document, its question and answer (`gold`), what the question comes to (`found`) by which routes, and the
offsets of neighbouring documents whose answers that is: many equal offsets mean that labels have slipped.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from agentprop.records import Reject
from agentprop.storage.durable import disk_errors

FILE = "gold_audit.jsonl"
COUNT = "likely wrong answers"
"""Its number of lines in the summary."""
CODE = "disagrees"


def write(rejects: Iterable[Reject], path: Path) -> int:
    """Write the report, and give its number of lines."""
    count = 0
    with disk_errors(path), path.open("w", encoding="utf-8") as file:
        for reject in rejects:
            if reject.code == CODE and reject.record:
                found = {"document": reject.item, **json.loads(reject.record)}
                file.write(json.dumps(found, ensure_ascii=False) + "\n")
                count += 1
    return count
