"""Decisions → what a person reads: the funnel, the reasons with examples, and the answers that are likely wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

from agentprop.stages.curate.decisions import PLACES, RowDecision

FILE = "report.md"
AUDIT = "gold_audit.jsonl"
WRONG = frozenset({"question_differs", "answer_differs", "certificate_differs"})
"""Codes of rows whose own answer is contradicted."""
EXAMPLES = 3
"""Rows that are shown for a reason."""
SHOWN = 20
"""Likely wrong answers that are shown; all of them are in a file."""
STEPS = (
    ("rows", "rows read"),
    ("problems", "problems among them"),
    ("distinct", "distinct"),
    ("clean", "not taken from a benchmark"),
    ("sound", "without a fault in the row itself"),
    ("not contradicted", "not contradicted by any route"),
    ("valid", "shown to be right"),
)
"""Steps of the funnel, with what they say."""


@dataclass
class CuratedTotals:
    """Counts and examples of all decisions; bounded by the number of different reasons."""

    steps: Counter[str] = field(default_factory=Counter)
    places: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, Counter[str]] = field(default_factory=lambda: {place: Counter() for place in PLACES})
    evidence: Counter[str] = field(default_factory=Counter)
    examples: dict[tuple[str, str], list[RowDecision]] = field(default_factory=dict)
    wrong: list[RowDecision] = field(default_factory=list)
    wrong_count: int = 0

    def add(self, decision: RowDecision) -> None:
        """Count a row."""
        self.places[decision.place] += 1
        self.reasons[decision.place][decision.code] += 1
        self.steps.update(reached(decision))
        self.evidence.update([decision.evidence] if decision.evidence else [])
        shown = self.examples.setdefault((decision.place, decision.code), [])
        if len(shown) < EXAMPLES:
            shown.append(decision)
        if is_wrong(decision):
            self.wrong_count += 1
            self.wrong += [decision] if len(self.wrong) < SHOWN else []

    def summary(self) -> dict[str, Any]:
        """The numbers that the command prints; rows = accepted + undetermined + rejected."""
        rows = self.steps["rows"]
        if rows != self.places.total():
            raise AssertionError(f"{rows} rows are not accounted for: {dict(self.places)}")
        return {
            "rows": rows,
            **{place: self.places[place] for place in PLACES},
            "funnel": {name: self.steps[name] for name, _ in STEPS[1:]},
            "reasons": {place: dict(found.most_common()) for place, found in self.reasons.items() if found},
            "evidence": dict(self.evidence.most_common()),
            "likely wrong answers": self.wrong_count,
        }


def is_wrong(decision: RowDecision) -> bool:
    """Whether a row's own answer is contradicted."""
    return decision.place == "rejected" and decision.code in WRONG


def audited(decision: RowDecision) -> dict[str, Any]:
    """A line of the audit of answers."""
    problem = decision.problem
    return {
        "document": decision.source,
        "question": problem.get("statement"),
        "gold": problem.get("answer"),
        "found": decision.found,
        "code": decision.code,
        "reason": decision.reason,
    }


def reached(decision: RowDecision) -> list[str]:
    """The steps of the funnel that a row passed."""
    if not decision.problem:
        return ["rows"]
    if decision.code == "duplicate":
        return ["rows", "problems"]
    if decision.code.startswith("contaminated:"):
        return ["rows", "problems", "distinct"]
    passed = ["rows", "problems", "distinct", "clean"]
    if decision.verdict is None:
        return passed
    passed.append("sound")
    if decision.verdict != "invalid":
        passed.append("not contradicted")
    return [*passed, "valid"] if decision.verdict == "valid" else passed


# --- as a page ---


def page(title: str, totals: CuratedTotals, probed: Mapping[str, Any] | None) -> str:
    """The report in Markdown."""
    places = ", ".join(f"{totals.places[place]:,} {place}" for place in PLACES)
    lines = [
        f"# {title}",
        "",
        f"{totals.steps['rows']:,} rows: {places}.",
        "",
        "| step | rows | lost |",
        "|---|---:|---:|",
    ]
    before = totals.steps["rows"]
    for name, told in STEPS:
        count = totals.steps[name]
        lines.append(f"| {told} | {count:,} | {before - count or ''} |")
        before = count
    if probed:
        lines += ["", "## Difficulty", "", *(f"- {name}: {_figures(found)}" for name, found in probed.items())]
    if totals.wrong:
        lines += [
            "",
            "## Answers that are likely wrong",
            "",
            f"Rows: {totals.wrong_count:,}, all of them in `{AUDIT}`.",
            "",
        ]
        lines += ["| row | question | its answer | found |", "|---|---|---|---|"]
        lines += [_wrong(decision) for decision in totals.wrong]
    for place in PLACES:
        if totals.reasons[place]:
            lines += ["", f"## {place.capitalize()}", ""]
            for code, count in totals.reasons[place].most_common():
                lines += _reason(code, count, totals.examples[place, code])
    return "\n".join([*lines, ""])


def _figures(found: Mapping[str, Any]) -> str:
    rate = f"mean pass rate {found['pass_rate']:.2f} over {found['problems']:,} problems"
    return f"{rate}; {found['never']:,} never solved, {found['always']:,} always"


def _reason(code: str, count: int, shown: list[RowDecision]) -> list[str]:
    lines = [f"**{code}** ({count:,})", ""]
    for decision in shown:
        statement = _told(str(decision.problem.get("statement", "")), 160)
        about = f": {statement}" if statement else ""
        lines.append(f"- `{decision.source}`{about}  ")
        lines.append(f"  {_told(decision.reason, 240)}")
    return [*lines, ""]


def _wrong(decision: RowDecision) -> str:
    problem = decision.problem
    cells = (
        f"`{decision.source}`",
        _told(str(problem.get("statement", "")), 160),
        _told(str(problem.get("answer", "")), 60),
        _told(decision.found or "", 60),
    )
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _told(text: str, length: int) -> str:
    """A text of a corpus on one line, at most so long, of which a page makes neither HTML nor an image."""
    line = " ".join(text.split())
    line = line if len(line) <= length else f"{line[: length - 1]}…"
    return escape(line, quote=False).replace("![", "!\\[")
