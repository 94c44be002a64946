"""Facts about an export → its card, the README.md of a Hugging Face dataset directory.

The front matter lists the files for `load_dataset`; the rest tells people the meaning of the rows, who made and judged
them and how, what was left out and why. Unknown facts are not mentioned.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log10
from typing import Any

from agentprop import DISTRIBUTION
from agentprop.records import Part
from agentprop.storage.hub_features import hub_features

SIZES = ("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M")


@dataclass(frozen=True)
class Table:
    """One kind of rows and its files."""

    name: str
    """Name of the configuration."""
    row: type[Part]
    """Type of a row."""
    files: Mapping[str, tuple[str, int]]
    """Split → path inside the directory, rows."""


@dataclass(frozen=True)
class Contributor:
    """A model or program that made or judged records of the export."""

    role: str
    """proposer, verifier, auditor or prober."""
    name: str
    """Model, or `builtin`."""
    revision: str | None = None
    """Its revision, if known."""
    sampling: str | None = None
    """Sampling parameters, JSON."""
    records: int = 0
    """Number of problems proposed, attempts made or problems measured."""


@dataclass(frozen=True)
class SourceRun:
    """A run that the export comes from."""

    stage: str
    """Its stage."""
    version: str | None
    """agentprop's version; None if the run is not complete."""
    fingerprint: str
    """Hash of all content of the run."""
    funnel: Mapping[str, int]
    """in, accepted, rejected, failed, and the reasons."""
    settings: Mapping[str, object]
    """Its settings, without defaults and secrets."""


@dataclass(frozen=True)
class CardFacts:
    """All facts of a card."""

    title: str
    """Heading."""
    purpose: str
    """Purpose of the rows, a sentence."""
    usage: str
    """Python code that loads it."""
    tables: Sequence[Table]
    """The files."""
    stages: Sequence[SourceRun]
    """The runs that it comes from."""
    makers: Sequence[Contributor]
    """Models and programs behind it."""
    left_out: Mapping[str, int]
    """Problems that are not in it, by reason."""
    difficulty: Mapping[str, int] = field(default_factory=dict)
    """Problems by pass rate, as text."""
    band: str | None = None
    """LO..HI that was asked for."""
    splits: Mapping[str, str] = field(default_factory=dict)
    """Split → its description."""
    held_out: Sequence[str] = ()
    """Pairs of skills that training does not have."""
    contamination: str | None = None
    """Sentence on decontamination, if a run was decontaminated."""
    licence: str | None = None
    """Identifier of the licence."""


def card(facts: CardFacts) -> str:
    """Write the card, Markdown."""
    parts = [
        _front(facts),
        f"# {facts.title}",
        facts.purpose,
        _loading(facts),
        _splits(facts),
        *(_columns(table, alone=len(facts.tables) == 1) for table in facts.tables),
        _funnel(facts),
        _difficulty(facts),
        _makers(facts),
        _settings(facts),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _front(facts: CardFacts) -> str:
    """YAML front matter; every value is written as JSON, which is YAML too."""
    rows = sum(count for table in facts.tables[:1] for _, count in table.files.values())
    lines = ["---", *([f"license: {json.dumps(facts.licence)}"] if facts.licence else [])]
    lines += ["task_categories: [text-generation]", "tags: [synthetic, reasoning, agentprop]"]
    lines += [f'size_categories: ["{SIZES[min(len(SIZES) - 1, max(0, int(log10(max(rows, 1))) - 2))]}"]', "configs:"]
    for number, table in enumerate(facts.tables):
        lines += [f"- config_name: {table.name}", *(["  default: true"] if number == 0 else []), "  data_files:"]
        for split, (path, _) in table.files.items():
            lines += [f"  - split: {split}", f"    path: {json.dumps(path)}"]
    declared = [(table.name, features) for table in facts.tables if (features := hub_features(table.row))]
    if declared:
        lines.append("dataset_info:")
        lines += [f"- {json.dumps({'config_name': name, 'features': features})}" for name, features in declared]
    return "\n".join([*lines, "---"])


def _loading(facts: CardFacts) -> str:
    return f"## How to load\n\n```python\n{facts.usage}\n```"


def _splits(facts: CardFacts) -> str:
    rows = [
        [table.name, split, f"{count:,}", facts.splits.get(split, "")]
        for table in facts.tables
        for split, (_, count) in table.files.items()
    ]
    text = f"## Splits\n\n{_table(['table', 'split', 'rows', 'what it is'], rows)}"
    if facts.held_out:
        text += f"\n\nHeld-out pairs of skills that occur: {', '.join(f'`{pair}`' for pair in facts.held_out)}."
    return text


def _columns(table: Table, *, alone: bool) -> str:
    heading = "## Columns" if alone else f"## Columns of `{table.name}`"
    rows = [
        [f"`{name}`", _type(name, table.row), " ".join((info.description or "").split())]
        for name, info in table.row.model_fields.items()
    ]
    return f"{heading}\n\n{_table(['column', 'type', 'meaning'], rows)}"


def _type(name: str, row: type[Part]) -> str:
    schema = row.model_json_schema()
    kind = schema["properties"][name]
    kinds = [_plain(entry, schema).get("type", "object") for entry in kind.get("anyOf", [kind])]
    return " or ".join("list" if k == "array" else k for k in kinds)


def _plain(entry: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Definition of a named type."""
    named: dict[str, Any] = schema["$defs"][entry["$ref"].rpartition("/")[2]] if "$ref" in entry else entry
    return named


def _funnel(facts: CardFacts) -> str:
    lines = ["## Funnel", "What came in = what was accepted + rejected + failed; reasons are counted below each stage."]
    rows = [[stage.stage, name, f"{count:,}"] for stage in facts.stages for name, count in stage.funnel.items()] + [
        ["export", f"left out: {reason}", f"{count:,}"] for reason, count in facts.left_out.items()
    ]
    lines.append(_table(["stage", "what", "count"], rows))
    if facts.contamination:
        lines.append(facts.contamination)
    return "\n\n".join(lines)


def _difficulty(facts: CardFacts) -> str:
    if not facts.difficulty:
        return ""
    band = f" Only problems with a pass rate in {facts.band} are in it." if facts.band else ""
    rows = [[rate, f"{count:,}"] for rate, count in facts.difficulty.items()]
    return f"## Difficulty\n\nPass rates ρ = c/k by the probers named below.{band}\n\n{_table(['ρ', 'problems'], rows)}"


def _makers(facts: CardFacts) -> str:
    rows = [
        [m.role, m.name, m.revision or "", f"`{m.sampling}`" if m.sampling else "", f"{m.records:,}"]
        for m in facts.makers
    ]
    return f"## Models and sampling\n\n{_table(['role', 'model', 'revision', 'sampling', 'records'], rows)}"


def _settings(facts: CardFacts) -> str:
    lines = ["## Where it comes from"]
    for stage in facts.stages:
        settings = json.dumps(stage.settings, indent=2, ensure_ascii=False)
        version = f", made with {DISTRIBUTION} {stage.version}" if stage.version else ", not finished"
        lines.append(f"**{stage.stage}**{version}, content `{stage.fingerprint[:16]}`\n\n```json\n{settings}\n```")
    if not facts.licence:
        lines.append("No licence was stated.")
    return "\n\n".join(lines)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(text) for text in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
