"""A teacher's reply → proposed skills, and what is wrong with the reply, said so that the teacher can mend it.

    <skill>
    <name>…</name> <description>…</description> <domain>…</domain> <category>…</category> <passages>1, 3</passages>
    <intent>ι</intent> <method>μ</method> <effect>δ</effect> <tool>τ</tool>
    <recognition>…</recognition> <workflow>…</workflow>
    <executable>optional, see `Executable`</executable>
    </skill>

A passage without a skill in it is answered by `<none>why</none>`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from agentprop.extraction.teaching.sections import blocks, line, section, storable, unfenced
from agentprop.records import Domain

LINES = ("name", "description", "domain", "category", "intent", "method", "effect", "tool")
"""Sections of one line."""
PARAGRAPHS = ("recognition", "workflow")
"""Sections of several lines."""
MAX_REPLY = 200_000
"""Characters of a reply that are read."""
MAX_LINE, MAX_PARAGRAPHS, MAX_SCRIPT = 1_024, 8_000, 20_000
"""Characters of a section that are allowed."""


@dataclass(frozen=True)
class Executable:
    """What makes a skill executable, as the teacher wrote it; nothing is believed yet."""

    parameters: str
    """Parameter → declaration, YAML."""
    output: str
    """What solve returns, YAML."""
    constraints: tuple[str, ...]
    """Expressions that must hold."""
    phrasings: tuple[tuple[str, str], ...]
    """(scene, ask) pairs with holes."""
    value: tuple[str, ...]
    """Noun phrases that name the result."""
    script: str
    """scripts/skill.py with solve and check."""


@dataclass(frozen=True)
class Proposal:
    """One proposed skill k = ⟨ι, μ, δ, τ⟩."""

    name: str
    """A short title."""
    description: str
    """What it does and when to use it."""
    domain: str
    """mathematics, coding or science."""
    category: str
    """The curriculum's unit."""
    intent: str
    """ι."""
    method: str
    """μ."""
    effect: str
    """δ."""
    tool: str
    """τ."""
    recognition: str
    """How a fitting situation is recognised."""
    workflow: str
    """Steps that build a problem."""
    passages: tuple[int, ...] = ()
    """Numbers of the passages it comes from, from 1; empty means all that were shown."""
    executable: Executable | None = None
    """Parameters, wordings and script, where the teacher wrote them."""


@dataclass(frozen=True)
class Proposals:
    """A reply, read."""

    good: tuple[Proposal, ...] = ()
    """The skills that are complete."""
    faults: tuple[str, ...] = ()
    """What is wrong with the rest."""
    none: str = ""
    """Why there is no skill, where the teacher said so."""


def read_proposals(text: str, shown: int) -> Proposals:
    """The proposals of a reply to `shown` passages. Never raises."""
    if len(text) > MAX_REPLY:
        return Proposals(faults=(f"the reply is longer than {MAX_REPLY} characters",))
    found, unclosed = blocks(storable(text), "skill")
    read = [_proposal(content, shown) for _, content in found]
    told = [(number, fault) for number, one in enumerate(read, 1) if isinstance(one, list) for fault in one]
    faults = [f"skill {number}: {fault}" for number, fault in told]
    faults += ["a <skill> is never closed"] if unclosed else []
    good = tuple(one for one in read if isinstance(one, Proposal))
    none = line(storable(text), "none") if not found else ""
    if not found and not unclosed and not none:
        faults.append("there is no <skill>…</skill>, and no <none>…</none> that says why")
    return Proposals(good, tuple(faults), none)


def _proposal(text: str, shown: int) -> Proposal | list[str]:
    """The proposal of a block, or all its faults."""
    body, executable = _apart(text)
    told = {tag: line(body, tag) for tag in LINES} | {tag: (section(body, tag) or "").strip() for tag in PARAGRAPHS}
    faults = list(_faults(told))
    numbers = tuple(sorted({int(n) for n in re.findall(r"\b\d{1,6}\b", line(body, "passages"))}))
    faults += [f"passage {n} was not shown" for n in numbers if not 1 <= n <= shown]
    made = _executable(executable) if executable is not None else None
    faults += made if isinstance(made, list) else []
    if faults or isinstance(made, list):
        return faults
    domain, category = told["domain"].lower(), slug(told["category"])
    return Proposal(**{**told, "domain": domain, "category": category}, passages=numbers, executable=made)


def _apart(text: str) -> tuple[str, str | None]:
    """The block without its executable part, and that part: wordings in there may look like sections."""
    found, _ = blocks(text, "executable")
    before, _, rest = text.partition("<executable>")
    return (before + rest.partition("</executable>")[2], found[0][1]) if found else (text, None)


def _faults(told: Mapping[str, str]) -> Iterator[str]:
    yield from (f"lacks <{tag}>" for tag, text in told.items() if not text)
    for tag, text in told.items():
        most = MAX_LINE if tag in LINES else MAX_PARAGRAPHS
        if len(text) > most:
            yield f"<{tag}> is longer than {most} characters"
    if told["domain"] and told["domain"].lower() not in get_args(Domain):
        yield f"<domain> must be one of {', '.join(get_args(Domain))}"
    if told["category"] and not slug(told["category"]):
        yield "<category> must be a word or two in a-z"


def _executable(text: str) -> Executable | list[str]:
    found = Executable(
        parameters=unfenced(section(text, "parameters") or ""),
        output=unfenced(section(text, "output") or ""),
        constraints=_listed(section(text, "constraints") or ""),
        phrasings=tuple((line(one, "scene"), line(one, "ask")) for _, one in blocks(text, "phrasing")[0]),
        value=tuple(phrase for _, one in blocks(text, "value")[0] if (phrase := " ".join(one.split()))),
        script=unfenced(section(text, "script") or "").strip("\n"),
    )
    faults = [f"<executable> lacks <{tag}>" for tag in ("parameters", "output", "script") if not getattr(found, tag)]
    if any(not ask for _, ask in found.phrasings):
        faults.append("<phrasing> needs <ask>, exactly one question or instruction")
    if len(found.script) > MAX_SCRIPT:
        faults.append(f"<script> is longer than {MAX_SCRIPT} characters")
    return faults or found


def _listed(text: str) -> tuple[str, ...]:
    """The lines of a list, with or without dashes."""
    lines = (re.sub(r"^\s*-\s+", "", one).strip() for one in unfenced(text).splitlines())
    return tuple(one for one in lines if one)


def slug(text: str) -> str:
    """a-z, 0-9 and single hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def from_json(data: Mapping[str, Any]) -> Proposal:
    """Back from `dataclasses.asdict` and JSON."""
    made = data["executable"]
    executable = made and Executable(
        made["parameters"],
        made["output"],
        tuple(made["constraints"]),
        tuple((scene, ask) for scene, ask in made["phrasings"]),
        tuple(made["value"]),
        made["script"],
    )
    return Proposal(**{**data, "passages": tuple(data["passages"]), "executable": executable})
