"""A run → the card of its repository on the hub: a configuration for each kind of record, an example row, how to grade.

It names no path of the machine that the run was made on: settings that hold one are left out, and of MODEL@ADDRESS the
model is kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from agentprop import DISTRIBUTION
from agentprop.export.card import SIZES
from agentprop.records import Problem
from agentprop.report.text import shareable
from agentprop.storage.reader import FOLDERS, StoredRun
from agentprop.storage.run_readme import MEANINGS, configurations

LONGEST = 600
"""Most characters of a text in the example row."""
GRADING = """Answers are values, not texts: `1/2` and `0.5` are the same. Do not compare strings.

```python
from agentprop.export.reward import grade  # pip install agentic-proposing

reward = grade(reply, row["answer"])  # 1.0 or 0.0
```

Answers of type `program` are judged by running `tests`, in a sandbox. Difficulty is unknown unless there is a table
`difficulties`; *valid* means that an independent check agrees, and does not mean hard."""


def card(run: StoredRun, kinds: Sequence[str], name: str, *, licence: str | None, language: str) -> str:
    """Write the card, Markdown with a front matter that `datasets` and the hub's viewer read."""
    rows = run.rows
    front = ["---", *([f"license: {json.dumps(licence)}"] if licence else []), f"language: [{json.dumps(language)}]"]
    front += ["task_categories: [text-generation]", "tags: [synthetic, reasoning, agentprop]"]
    front += [f"size_categories: [{json.dumps(_size(rows[kinds[0]]))}]", *configurations(list(kinds)), "---"]
    table = [f"| `{FOLDERS[kind]}` | {rows[kind]:,} | {MEANINGS[kind]} |" for kind in kinds]
    lines = [
        *(*front, "", f"# {name}", ""),
        *(f"Records of `agentprop {run.stage}`{_version(run)}, one configuration for each kind:", ""),
        *("| configuration | rows | a row is |", "|---|---|---|", *table, ""),
        *("```python", "from datasets import load_dataset", ""),
        *(f'{FOLDERS[kind]} = load_dataset("{name}", "{FOLDERS[kind]}", split="train")' for kind in kinds[:2]),
        *("```", "", *_example(run, kinds[0]), *_made(run)),
        *("" if licence else "No licence was stated.\n"),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _size(rows: int) -> str:
    """The hub's word for a number of rows."""
    bounds = (1_000, 10_000, 100_000, 1_000_000)
    return SIZES[sum(rows >= bound for bound in bounds)]


def _version(run: StoredRun) -> str:
    return f" ({DISTRIBUTION} {run.manifest.agentprop})" if run.manifest is not None else ""


def _example(run: StoredRun, kind: str) -> list[str]:
    """One row, and for problems how their answers are graded."""
    if kind != Problem.kind:
        return []
    row = next(run.iter_rows(Problem), None)
    if row is None:
        return []
    shown = {key: _short(value) for key, value in row.items() if value not in (None, [], "")}
    text = json.dumps(shown, indent=2, ensure_ascii=False)
    return ["## An example row", "", "```json", text, "```", "", "## How to grade", "", GRADING, ""]


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= LONGEST else value[:LONGEST] + "…"
    if isinstance(value, dict):
        return {key: _short(held) for key, held in value.items()}
    return [_short(held) for held in value] if isinstance(value, list) else value


def _made(run: StoredRun) -> list[str]:
    counts = {key: value for key, value in (run.summary or {}).items() if isinstance(value, int)}
    parts = {"settings": portable_settings(run.config), "summary": counts}
    text = json.dumps(parts, indent=2, ensure_ascii=False)
    return ["## How it was made", "", "```json", text, "```", ""]


def portable_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that mean something elsewhere: neither empty, nor secret, nor a path of this machine.

    >>> portable_settings({"seed": 3, "domain": None, "skills": ["../mine"], "proposer": "m@http://127.0.0.1:1/v1"})
    {'seed': 3, 'proposer': 'm'}
    """
    shared = {key: _portable(value) for key, value in shareable(dict(config)).items()}
    return {key: value for key, value in shared.items() if value not in (None, [], {}, "")}


def _portable(value: Any) -> Any:
    if isinstance(value, str):
        named = value.partition("@")[0] if "@" in value else value
        local = named.startswith(("/", "./", "../", "~", "runs/")) or ":\\" in named or Path(named).exists()
        return None if local else named
    if isinstance(value, dict):
        return {key: held for key, one in value.items() if (held := _portable(one)) is not None}
    return [held for one in value if (held := _portable(one)) is not None] if isinstance(value, list) else value
