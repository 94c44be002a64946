"""Records → text for a terminal of eighty columns; LaTeX stays as it is, and so do the lines of code.

Prose is wrapped, code is not: a line of code that is wider than the terminal is written whole, to be copied and run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.text import Text

from agentprop.cli.terminal import Terminal
from agentprop.records import Attempt, Problem, Record, Reject, Skill, Solution, Trajectory, Turn, Verdict

WIDEST = 100
"""Most columns of a line; longer lines are hard to read."""
BARS = 20
"""Most values of a column that are listed."""
BAR_WIDTH = 20
"""Columns of the longest bar."""
TESTS = 5
"""Most tests of a program that are shown."""
CODE = re.compile(
    r"(?<=<action:exec>)(.*?)(?=</action:exec>)|(?<=<certificate>)(.*?)(?=</certificate>)|(```.*?```)", re.S
)
"""Code in a message, a prompt or an observation."""
COLOURS = {"valid": "green", "invalid": "red", "undetermined": "yellow", "ok": "green"}


def _console() -> Console:
    plain = Terminal()
    return Terminal(width=min(plain.width, WIDEST))


def show(records: Sequence[Record]) -> None:
    """Print records one after the other."""
    console = _console()
    for record in records:
        _VIEWS.get(type(record), _show_any)(console, record)


def print_bars(heading: str, values: Mapping[str, int]) -> None:
    """Print values and their counts, with bars relative to the most frequent."""
    console = _console()
    console.print(Text(heading, style="bold"))
    most, total = max(values.values()), sum(values.values())
    for name, number in list(values.items())[:BARS]:
        bar = "█" * max(1, round(BAR_WIDTH * number / most))
        console.print(Text(f"  {name[:40]:<40} {number:>8,} {number / total:>5.0%} {bar}", no_wrap=True))
    if len(values) > BARS:
        console.print(Text(f"  … and {len(values) - BARS} more"))
    console.print()


# --- records ---


def _show_problem(console: Console, problem: Problem) -> None:
    _head(console, f"problem {problem.id}")
    _facts(console, f"{problem.domain} · {problem.category} · {problem.answer_type} · made by {problem.made_by.name}")
    console.print(Text(problem.statement))
    console.print()
    _field(console, "answer", problem.answer)
    if problem.tests:
        more = [f"… and {len(problem.tests) - TESTS} more"] if len(problem.tests) > TESTS else []
        console.print(Text("tests:", style="bold"))
        _verbatim(console, "\n".join([*(f"{t.arguments} → {t.expected}" for t in problem.tests[:TESTS]), *more]), "")
    if problem.solution is not None:
        _solution(console, problem.solution)
    _field(console, "skills", ", ".join(problem.skills))
    _field(console, "operators", ", ".join(problem.operators))
    if problem.difficulty is not None:
        _field(console, "difficulty", f"{problem.difficulty.band} of 5 (declared, D = {problem.difficulty.score:g})")
    _field(console, "evidence", problem.evidence)
    console.print()


def _solution(console: Console, solution: Solution) -> None:
    if not solution.text:
        _field(console, "no solution", solution.left_out)
        return
    console.print(Text("solution:", style="bold"))
    _indented(console, solution.text)


def _show_verdict(console: Console, verdict: Verdict) -> None:
    line = Text.assemble(("verdict: ", "bold"), (verdict.value, COLOURS.get(verdict.value, "")), f" ({verdict.code})")
    console.print(line)
    _field(console, "why", verdict.message)
    _field(console, "answer found", verdict.answer or "")
    _field(console, "evidence", verdict.evidence)
    console.print()


def _show_attempt(console: Console, attempt: Attempt) -> None:
    vote = {True: "valid", False: "invalid", None: "undetermined"}[attempt.vote]
    console.print(Text.assemble((f"{attempt.role} {attempt.verifier}: ", "bold"), (vote, COLOURS[vote])))
    _field(console, "why", attempt.rationale)
    _field(console, "answer found", attempt.answer or "")
    console.print()


def _show_trajectory(console: Console, trajectory: Trajectory) -> None:
    _head(console, f"trajectory {trajectory.id}")
    counts = f"{len(trajectory.turns)} turns, {trajectory.pruned} pruned, {trajectory.replaced} replaced"
    _facts(console, f"{trajectory.stop.value} after {counts} · sandbox {trajectory.isolation or 'unknown'}")
    _indented(console, trajectory.prompt)
    for turn in trajectory.turns:
        _show_turn(console, turn)


def _show_turn(console: Console, turn: Turn) -> None:
    style = COLOURS.get(turn.outcome, "yellow")
    title = Text.assemble(f"{turn.index} · {turn.stage.value} · ", (turn.action, "bold"), " → ", (turn.outcome, style))
    console.print(Rule(title, align="left", style="dim", characters="─"))
    _indented(console, turn.message.strip())
    if turn.observation:
        console.print(Text("observation", style="bold dim"))
        _indented(console, turn.observation, style="dim")


def _show_skill(console: Console, skill: Skill) -> None:
    _head(console, f"skill {skill.name}")
    _facts(console, f"{skill.domain} · {skill.category} · {skill.origin} · check: {skill.evidence} · id {skill.id}")
    if skill.quality is not None:
        _field(console, "quality", f"{skill.quality:.2f} {skill.quality_parts or ''}")
    _field(
        console,
        "from",
        ", ".join(span.document for span in skill.lineage[:5])
        + (f" and {len(skill.lineage) - 5} more" if len(skill.lineage) > 5 else ""),
    )
    console.print()
    console.print(Text(skill.skill_md.strip()), soft_wrap=True)
    if skill.script is not None:
        console.print(Rule(Text("scripts/skill.py"), align="left", style="dim", characters="─"))
        console.print(Text(skill.script.rstrip()), soft_wrap=True)


def _show_reject(console: Console, reject: Reject) -> None:
    _head(console, f"{reject.outcome} by {reject.stage}: {reject.item}")
    _field(console, "code", reject.code)
    _field(console, "why", reject.message)
    if reject.record:
        _verbatim(console, json.dumps(json.loads(reject.record), indent=2, ensure_ascii=False))


def _show_any(console: Console, record: Any) -> None:
    _head(console, f"{record.kind} {record.id}")
    _verbatim(console, json.dumps(record.model_dump(mode="json"), indent=2, ensure_ascii=False))


_VIEWS: dict[type[Record], Any] = {
    Problem: _show_problem,
    Verdict: _show_verdict,
    Attempt: _show_attempt,
    Trajectory: _show_trajectory,
    Skill: _show_skill,
    Reject: _show_reject,
}


# --- pieces ---


def _head(console: Console, title: str) -> None:
    console.print(Rule(Text(title, style="bold"), align="left", characters="═"))


def _facts(console: Console, text: str) -> None:
    console.print(Text(text, style="dim"))
    console.print()


def _field(console: Console, label: str, text: str) -> None:
    if text:
        separator = "\n" if "\n" in text else " "
        console.print(Text.assemble((f"{label}:", "bold"), separator, text))


def _indented(console: Console, text: str, style: str = "") -> None:
    """Print prose wrapped and code as it is, without the tags of the action around them."""
    position = 0
    for found in CODE.finditer(text):
        _wrapped(console, text[position : found.start()], style)
        _verbatim(console, found[0], style=style)
        position = found.end()
    _wrapped(console, text[position:], style)


def _wrapped(console: Console, text: str, style: str) -> None:
    prose = re.sub(r"\A\s*<action:\w+>\n?|\n?</action:\w+>\s*\Z", "", text).strip("\n").rstrip()
    if prose:
        console.print(Padding(Text(prose, style=style), (0, 0, 0, 2), expand=False))


def _verbatim(console: Console, text: str, indent: str = "  ", style: str = "") -> None:
    lines = text.strip("\n").rstrip().split("\n")
    console.print(Text("\n".join(f"{indent}{line}".rstrip() for line in lines), style=style), soft_wrap=True)
