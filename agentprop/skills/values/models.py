r"""Facts about one object, and a question about it ↔ their sentences, each in several wordings.

An object kind (a triangle, an integer, a polynomial) is a package with one parameter of each of these two kinds. Its
declaration is the one table that the statement is written and read with. Facts are a tuple of (port, value), in the
order of the declaration; the value is a number, or True for a port whose wordings have no `<v>`. A question is one of

    ("value", x)  ("greatest", x)  ("least", x)  ("number",)  ("sum", x, y)  ("branch", test, x, y)

over the ports x, y and the conditions of its declaration. A text and its value are not one to one, as they are for
other kinds: every wording of a port is read, and the first one is the canonical text.

    >>> facts = Parameter(kind="facts", phrases={"BC": ["$BC = <v>$"], "scalene": ["no two sides are equal"]})
    >>> render(facts, (("BC", 13), ("scalene", True)))
    '$BC = 13$ and no two sides are equal'
    >>> read_facts(facts, "no two sides are equal and $BC = \\frac{5}{2}$", False)
    (('BC', Fraction(5, 2)), ('scalene', True))
    >>> question = Parameter(kind="question", phrases={"area": ["the area", "its area"]}, counted=["How many?"])
    >>> render(question, ("least", "area")), read_question(question, "What is its area?", False)
    ('Find the least possible value of the area.', ('value', 'area'))
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from random import Random
from typing import Any

from agentprop.skills.values.parameter import KindRules, Parameter
from agentprop.skills.values.prose import in_prose

OPERATORS = {
    "inverse-unknown": ("value",),
    "shared-object": ("sum",),
    "extremum": ("greatest", "least"),
    "conjunction": ("number",),
    "branch": ("branch",),
}
"""Composition operators over one object, and the questions that ask by them."""
FRAMES: dict[str, tuple[str, ...]] = {
    "value": ("Find <x>.", "What is <x>?", "Determine <x>."),
    "greatest": (
        "Find the greatest possible value of <x>.",
        "What is the largest possible value of <x>?",
    ),
    "least": (
        "Find the least possible value of <x>.",
        "What is the smallest possible value of <x>?",
    ),
    "sum": ("What do <x> and <y> add up to?", "What is obtained when <x> and <y> are added?"),
    "branch": ("If <t>, find <x>; otherwise, find <y>.", "Find <x> if <t>, or <y> if not."),
}
"""Questions, whose holes are the noun phrases of ports and the clause of a condition."""
OLD_FRAMES: dict[str, tuple[str, ...]] = {"sum": ("How much are <x> and <y> together?",)}
"""What questions said before, which is still read."""
READ = {kind: (*frames, *OLD_FRAMES.get(kind, ())) for kind, frames in FRAMES.items()}
JOINT = re.compile(r", | and ")
"""What stands between two facts, and in none of them."""
_NUMBER = r"-?(?:\d+|\\frac\{\d+\}\{\d+\})"
_HOLES = re.compile(r"<(\w)>")
Pick = Callable[[Sequence[str]], str]


def operator(question: str) -> str:
    """The composition operator of a question's canonical text.

    >>> operator("Find the least possible value of the area."), operator("Find the area.")
    ('extremum', 'inverse-unknown')
    """
    for kind, (frame, *_) in FRAMES.items():
        opening = frame.partition("<")[0]
        if kind != "value" and question.startswith(opening):
            return next(name for name, kinds in OPERATORS.items() if kind in kinds)
    return "inverse-unknown" if question.startswith(FRAMES["value"][0].partition("<")[0]) else "conjunction"


def render(p: Parameter, value: Any) -> str:
    """Write facts or a question in their first wordings."""
    return _RENDER[p.kind](p, value, lambda wordings: wordings[0])


def reworded(p: Parameter, value: Any, rng: Random) -> str:
    """Write facts, in any order, or a question in wordings drawn at random."""
    if p.kind == "facts":
        value = rng.sample(value, len(value))
    return _RENDER[p.kind](p, value, rng.choice)


# --- facts ---


def _write_facts(p: Parameter, value: Sequence[tuple[str, Any]], pick: Pick) -> str:
    return in_prose([pick(p.phrases[port]).replace("<v>", _number(number)) for port, number in value])


def _number(value: Any) -> str:
    value = Fraction(value)
    sign, top = ("-" if value < 0 else ""), abs(value.numerator)
    return f"{sign}{top}" if value.denominator == 1 else f"{sign}\\frac{{{top}}}{{{value.denominator}}}"


def read_facts(p: Parameter, text: str, math: bool) -> tuple[tuple[str, Any], ...]:
    """Read facts in any wordings and in any order. Raises ValueError if a sentence is none of the kind's."""
    facts = dict(_read_fact(p, part) for part in JOINT.split(text)) if text else {}
    if len(facts) != len(JOINT.findall(text)) + bool(text):
        raise ValueError("a fact is told twice")
    return tuple((port, facts[port]) for port in p.phrases if port in facts)


def _read_fact(p: Parameter, text: str) -> tuple[str, Any]:
    found = [
        (port, _read_number(match[1]) if "<v>" in wording else True)
        for port, wordings in p.phrases.items()
        for wording in wordings
        if (match := _fact_expression(wording).fullmatch(text))
    ]
    if len(found) != 1:
        raise ValueError(f"{text!r} is one fact of {len(found)}")
    return found[0]


def _read_number(text: str) -> int | Fraction:
    fraction = re.fullmatch(r"(-?)\\frac\{(\d+)\}\{(\d+)\}", text)
    value = Fraction(int(fraction[1] + fraction[2]), int(fraction[3])) if fraction else Fraction(int(text))
    if _number(value) != text:
        raise ValueError(f"{text!r} is not how numbers are written")
    return int(value) if value.denominator == 1 else value


@lru_cache(maxsize=8192)
def _fact_pattern(wording: str, number: str) -> str:
    return re.escape(wording).replace("<v>", number)


@lru_cache(maxsize=8192)
def _fact_expression(wording: str) -> re.Pattern[str]:
    return re.compile(_fact_pattern(wording, f"({_NUMBER})"))


def _facts_pattern(p: Parameter) -> str:
    wordings = sorted({text for texts in p.phrases.values() for text in texts}, key=len, reverse=True)
    one = "|".join(_fact_pattern(text, _NUMBER) for text in wordings)
    return rf"(?:{one})(?:(?:, | and )(?:{one}))*"


def _draw_facts(p: Parameter, rng: Random) -> tuple[tuple[str, Any], ...]:
    ports = rng.sample(list(p.phrases), min(len(p.phrases), rng.randint(1, 2)))
    return tuple(
        (port, rng.randint(2, 60) if "<v>" in p.phrases[port][0] else True) for port in p.phrases if port in ports
    )


def _misfit_facts(p: Parameter, value: Any) -> str | None:
    unknown = [port for port, _ in value if port not in p.phrases]
    return f"{unknown[0]} is no port of the object" if unknown else None


# --- questions ---


def _write_question(p: Parameter, value: Sequence[str], pick: Pick) -> str:
    kind, *names = value
    if kind == "number":
        return pick(p.counted)
    holes = _bound(kind, names)
    tables = {"t": p.tests, "x": p.phrases, "y": p.phrases}
    return _HOLES.sub(lambda found: pick(tables[found[1]][holes[found[1]]]), pick(FRAMES[kind]))


def _bound(kind: str, names: Sequence[str]) -> dict[str, str]:
    """Hole → what stands in it: the condition first, then the ports."""
    return dict(zip("txy" if kind == "branch" else "xy", names, strict=False))


def read_question(p: Parameter, text: str, math: bool) -> tuple[str, ...]:
    """Read a question in any wording. Raises ValueError for another text, or one of two meanings."""
    found = list(dict.fromkeys(_questions(p, text)))
    if len(found) != 1:
        raise ValueError(f"{text!r} is one question of {len(found)}")
    return found[0]


def _questions(p: Parameter, text: str) -> Iterator[tuple[str, ...]]:
    if text in p.counted:
        yield ("number",)
    for kind, expression in _frame_expressions(_listed(p.phrases), _listed(p.tests)):
        if match := expression.fullmatch(text):
            holes = {
                name: _port(p.tests if name == "t" else p.phrases, said) for name, said in match.groupdict().items()
            }
            yield (kind, *(holes[name] for name in "txy" if name in holes))


def _port(table: Mapping[str, tuple[str, ...]], said: str) -> str:
    return next(port for port, wordings in table.items() if said in wordings)


def _listed(table: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(text for wordings in table.values() for text in wordings)


@lru_cache(maxsize=256)
def _frame_expressions(phrases: tuple[str, ...], tests: tuple[str, ...]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Every frame of a question as an expression, with the question's kind."""
    return tuple(
        (kind, re.compile(_frame_pattern(frame, phrases, tests, named=True)))
        for kind, frames in READ.items()
        for frame in frames
    )


def _frame_pattern(frame: str, phrases: tuple[str, ...], tests: tuple[str, ...], *, named: bool) -> str:
    def hole(found: re.Match[str]) -> str:
        longest_first = sorted(tests if found[1] == "t" else phrases, key=len, reverse=True)
        choices = "|".join(map(re.escape, longest_first)) or r"(?!)"
        return f"(?P<{found[1]}>{choices})" if named else f"(?:{choices})"

    return _HOLES.sub(hole, re.escape(frame))


def _question_pattern(p: Parameter) -> str:
    phrases, tests = _listed(p.phrases), _listed(p.tests)
    frames = [_frame_pattern(frame, phrases, tests, named=False) for frames in READ.values() for frame in frames]
    return "|".join([*frames, *map(re.escape, p.counted)])


def _draw_question(p: Parameter, rng: Random) -> tuple[str, ...]:
    return rng.choice(("value", "greatest", "least")), rng.choice(list(p.phrases))


def _misfit_question(p: Parameter, value: Any) -> str | None:
    kind, *names = value
    known = {*p.phrases, *p.tests}
    unknown = [name for name in names if name not in known]
    if kind != "number" and kind not in FRAMES:
        return f"{kind} is no question"
    return f"{unknown[0]} is nothing that can be asked of the object" if unknown else None


_RENDER: dict[str, Callable[[Parameter, Any, Pick], str]] = {"facts": _write_facts, "question": _write_question}

RULES = {
    "facts": KindRules(
        ("phrases",),
        ("phrases",),
        _draw_facts,
        lambda p, v, m: render(p, v),
        lambda p, m: _facts_pattern(p),
        read_facts,
        _misfit_facts,
        reworded,
    ),
    "question": KindRules(
        ("phrases", "counted"),
        ("phrases", "tests", "counted"),
        _draw_question,
        lambda p, v, m: render(p, v),
        lambda p, m: _question_pattern(p),
        read_question,
        _misfit_question,
        reworded,
    ),
}
