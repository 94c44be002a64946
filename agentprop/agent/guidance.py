"""What a language model is told beyond the protocol: tools, limits, cards of the skills, an example, what is left.

The built-in proposer and models in training see the protocol and one line for each skill. A language model that nobody
trained for the task is told the rest as well: in its system text what is the same for all episodes of a domain, so that
servers compute that prefix once; in its first user message what belongs to the task; after each message what is left.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from agentprop.agent.tool_calls import call_text
from agentprop.prompts import Prompts
from agentprop.records import Domain, Stage
from agentprop.records.action_text import Malformed
from agentprop.skills import Package, split
from agentprop.skills.values import Parameter

TARGET = "0.2..0.8"
"""Pass rates that make a problem worth training on, unless a run says otherwise (ours)."""
STAGES = {
    Stage.DRAFT: "choose values and run the composition",
    Stage.CHECK: "confirm the value a second way",
    Stage.REFINE: "mend what failed, or exchange a skill",
    Stage.FINALIZE: "write the statement and submit",
}
"""The stages in words."""
SPEAKER = re.compile(r"^\[(user|assistant|tool)\]$", re.MULTILINE)
HARDEN = "to harden:"
LEAST_LEFT = 4
"""With fewer messages left than this, the model is told to submit."""


@dataclass(frozen=True)
class Limits:
    """Limits of an episode, as a model is told them."""

    turns: int
    """Messages of an episode."""
    submissions: int
    """Refused submissions that end it."""
    malformed: int
    """Malformed messages that end it."""
    seconds: float
    """Time limit of one exec, in seconds."""


@dataclass(frozen=True)
class Guidance:
    """What a run tells its language model in addition to the protocol."""

    exemplar: bool = True
    """Show one whole episode of the domain."""
    target: str = TARGET
    """LO..HI: the pass rates wanted."""
    too_easy: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Category → statements that earlier probes found easier than wanted."""
    too_hard: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Category → statements that nobody solved."""

    def system(self, protocol: str, prompts: Prompts, limits: Limits, domain: Domain, *, native: bool = False) -> str:
        """The system text: protocol, guide, rules, and the domain's example, for native calls written as calls."""
        parts = [protocol, guide(prompts, limits), prompts(RULES)]
        if self.exemplar:
            shown = prompts(exemplar_name(domain))
            parts.append(f"## A whole episode, as an example\n\n{as_calls(shown) if native else shown}")
        return "\n\n".join(parts)

    def task(self, asked: str, prompts: Prompts, category: str) -> str:
        """The first user message: the task, and the difficulty wanted."""
        wanted = prompts.filled("difficulty", wanted=_share(self.target), earlier=self._earlier(category))
        return f"{asked}\n\n{wanted}"

    def _earlier(self, category: str) -> str:
        found = [
            ("Too easy before, solved too often:", self.too_easy),
            ("Hopeless before, never solved:", self.too_hard),
        ]
        return "\n\n".join(f"{told}\n{listed(known[category])}" for told, known in found if category in known)


RULES = "rules"
"""Prompt that lists what a submission must keep, each rule behind the codes of the refusals that it explains."""
NAMES = ("task", "guide", RULES, "difficulty", "avoid", "exemplar_mathematics", "exemplar_coding", "exemplar_science")
"""Prompts that guidance uses."""


def rule_of(code: str, prompts: Prompts) -> str | None:
    """The rule that a refused submission broke, by the code of the refusal; None if the prompt has none for it.

    >>> rule_of("certificate_literal", Prompts())
    'the certificate computes the answer; it does not assign it as a literal.'
    """
    found = re.search(
        rf"^- (?:`\w+`, )*`{re.escape(code.partition(':')[0])}`(?:, `\w+`)*: *(.+)$", prompts(RULES), re.MULTILINE
    )
    return found[1].strip() if found else None


def exemplar_name(domain: Domain) -> str:
    """Name of the prompt that holds a domain's example."""
    return f"exemplar_{domain}"


def turns_of(exemplar: str) -> list[tuple[str, str]]:
    """(role, text) pairs of an example, in which a line `[user]`, `[assistant]` or `[tool]` opens each message."""
    _, *pieces = SPEAKER.split(exemplar)
    return [(role, text.strip("\n")) for role, text in zip(pieces[::2], pieces[1::2], strict=True)]


def as_calls(exemplar: str) -> str:
    """The same example for a model that acts by native calls; a message that is no action stays as it is."""
    said = ((role, _called(text) if role == "assistant" else text) for role, text in turns_of(exemplar))
    return "\n\n".join(f"[{role}]\n{text}" for role, text in said)


def _called(text: str) -> str:
    try:
        return call_text(text)
    except Malformed:
        return text


def guide(prompts: Prompts, limits: Limits) -> str:
    """The guide for the given limits."""
    return prompts.filled(
        "guide",
        turns=limits.turns,
        submissions=_ordinal(limits.submissions),
        malformed=_ordinal(limits.malformed),
        seconds=f"{limits.seconds:g}",
    )


def left(stage: Stage, turns: int, submissions: int, malformed: int) -> str:
    """Say what the stage asks for and what is left, in one line after an observation."""
    counts = f"{_count(turns, 'message')}, {_count(submissions, 'submission')} and {malformed} malformed left"
    told = "submit now" if 0 < turns < LEAST_LEFT and stage is not Stage.REFINE else STAGES[stage]
    return f"({stage}: {told}; {counts})"


def card(package: Package) -> str:
    """A skill's card, the first level of disclosure: what it takes, what must hold, what it does to difficulty."""
    if package.id not in _CARDS:  # every candidate shows some, and there are as many as skills
        _CARDS[package.id] = _written(package)
    return _CARDS[package.id]


_CARDS: dict[str, str] = {}


def _written(package: Package) -> str:
    s = package.spec
    made = f"{s.output.kind}{f' in {s.output.unit}' if s.output.unit else ''}" if s.output else "text"
    lines = [
        f"- {s.name} → {made}: {s.description}",
        *_line("parameters", "; ".join(f"{name}: {ranged(p)}" for name, p in s.parameters.items())),
        *_line("constraints", "; ".join(s.constraints)),
        *_line("method", s.method),
        *_line("effect", s.effect),
        *_line("to harden", _levers(package)),
    ]
    return "\n".join(lines)


def ranged(p: Parameter) -> str:
    """A parameter's kind and range: `integer 2..15`, `list of 3..8 integers 1..50, all different`."""
    span = "" if p.min is None and p.max is None else f" {_number(p.min)}..{_number(p.max)}"
    sizes = {"length": p.length, "rows": p.rows, "columns": p.cols, "degree": p.degree, "nodes": p.nodes}
    told = [f"{name} {low}..{high}" for name, bounds in sizes.items() if bounds for low, high in [bounds]]
    if p.values and not _whole(p):
        told.append("one of " + ", ".join(map(str, p.values[:12])) + (", …" if len(p.values) > 12 else ""))
    told += [f"in {p.unit}"] if p.unit else []
    marks = ("distinct", "sorted", "square", "monic", "connected", "directed", "acyclic")
    told += [mark for mark in marks if getattr(p, mark)]
    return ", ".join([f"{p.kind}{span}", *told])


def _whole(p: Parameter) -> bool:
    """True if the allowed values are all integers of the range, which then says it all."""
    if p.min is None or p.max is None or len(p.values) != p.high - p.low + 1:
        return False
    return list(p.values) == list(range(p.low, p.high + 1))


def _levers(package: Package) -> str:
    """What the workflow says about hardening, if it says anything."""
    lines = split(package.skill_md)[1].splitlines()
    found = (line.partition(":")[2] for line in lines if HARDEN in line.lower())
    return next(found, "").strip()


def _line(name: str, text: str) -> list[str]:
    return [f"  {name}: {text}"] if text else []


def listed(statements: Iterable[str]) -> str:
    """Statements as a list, each on one line."""
    return "\n".join(f"- {' '.join(statement.split())}" for statement in statements)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.12g}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _share(band: str) -> str:
    """`0.2..0.8` → `20 % to 80 %`."""
    low, _, high = band.partition("..")
    return f"{100 * float(low):g} % to {100 * float(high):g} %"
