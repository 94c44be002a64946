"""A program composed of skills → what its statement promises beside the task: limits, an edge rule and an example.

The limits are wider than the data that the innermost skill's parameter declares, so that tests of that size tell a slow
program from a fast one. `edges` and `large` are data within them; the edge rule says what the empty one gives. All of
it stands behind the task, and can be read back from the statement alone:

    >>> text = written("Count it.", Promises("`L` holds 0 to 9 integers", ((([],), 0),), ((([4, 1],), 2),)))
    >>> print(text)
    Count it.
    <BLANKLINE>
    Limits: `L` holds 0 to 9 integers.
    <BLANKLINE>
    Edge rule: for the empty input, `solve([])` returns `0`.
    <BLANKLINE>
    Example: `solve([4, 1])` returns `2`.
    >>> promised(text).examples
    ((([4, 1],), 2),)

Statements of older versions, and those of most language models, promise nothing.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from agentprop.composition.families import HEAD as FAMILY_HEAD
from agentprop.composition.families import LIMITS as HEAD
from agentprop.composition.families import task
from agentprop.composition.terms import Apply, Program, body_data
from agentprop.records import Judging, TestCase
from agentprop.skills import Package
from agentprop.skills.values import Parameter, draw, misfit

Call = tuple[tuple[Any, ...], Any]
"""Arguments, of which there is one, and value."""

MOST = {"list": 100, "string": 100, "words": 40, "graph": 60}
"""Elements, letters, words or vertices that an input may have; 2^MOST steps take longer than any budget."""
MOST_WIDE = {"list": 2000, "string": 2000, "words": 200, "graph": 200}
"""The same where a slow program is to be sped up: so many that what is quadratic takes longer than the budget, too."""
TIMES, LEAST = 10, 5_000_000
"""Budget of a test: so many runs of the reference on all tests together, and at least so many ticks, which are enough
for what is quadratic, also in a string of six letters for each element."""
LEAST_WIDE, MOST_TICKS = 1_000_000, 3_000_000
"""At least so many where a slow program is to be sped up, which what is quadratic exceeds, and at most: to prove a
program slow, it is run until they are used."""
DENSITY = 0.05
"""Largest share of edges beside those that connect a large graph."""
_TYPES = {"list": "list[int]", "string": "str", "words": "list[str]", "integer": "int", "boolean": "bool"}
_LINE = re.compile(r"`solve\((.*)\)` returns `(.*)`\.")
_SHOWN = re.compile(r"\n\n(?:Limits|Edge rule|Example): .*")
_EDGE, _EXAMPLE = "Edge rule: for the empty input, ", "Example: "


@dataclass(frozen=True)
class Promises:
    """What a statement promises."""

    limits: str
    """Bounds of the data, in a clause."""
    edge: tuple[Call, ...]
    """What the empty input gives, if there may be one."""
    examples: tuple[Call, ...]
    """Calls and their values."""

    @property
    def edge_rule(self) -> str:
        """The edge rule as it stands in the statement; empty if there is none."""
        return "".join(f"{_EDGE.removeprefix('Edge rule: ')}{_told(call)}" for call in self.edge)


def can_promise(term: Program, library: Mapping[str, Package]) -> bool:
    """True if data of the program's kind have limits that can be told, and its value can be written."""
    _, p = _data(term, library)
    return p.kind in MOST and _returned(term, library) is not None


def written(task: str, promises: Promises) -> str:
    """Write a statement."""
    parts = [f"{task}{HEAD}{promises.limits}."]
    parts += [f"{_EDGE}{_told(call)}" for call in promises.edge]
    parts += [f"{_EXAMPLE}{_told(call)}" for call in promises.examples]
    return "\n\n".join(parts)


def promised(statement: str) -> Promises | None:
    """Read what a composed program's statement promises; None if it promises nothing. Raises ValueError for garble."""
    head = task(statement)
    if FAMILY_HEAD in statement or not statement.startswith(f"{head}{HEAD}"):
        return None
    limits, *lines = statement[len(head) + len(HEAD) :].split("\n\n")
    edge = tuple(_call(line.removeprefix(_EDGE)) for line in lines if line.startswith(_EDGE))
    examples = tuple(_call(line.removeprefix(_EXAMPLE)) for line in lines if line.startswith(_EXAMPLE))
    found = Promises(limits.removesuffix("."), edge, examples)
    if written(head, found) != statement or not examples:
        raise ValueError("limits, edge rule and examples are not as the grammar has them")
    return found


def kind_of(statement: str) -> str:
    """A statement without what differs between problems of one wording beside its numbers."""
    return _SHOWN.sub("", statement) if FAMILY_HEAD not in statement else statement


def _told(call: Call) -> str:
    arguments, value = call
    return f"`solve({', '.join(map(repr, arguments))})` returns `{value!r}`."


def _call(line: str) -> Call:
    found = _LINE.fullmatch(line)
    try:
        arguments = ast.literal_eval(f"({found[1]},)") if found is not None else ()
        if found is not None and len(arguments) == 1:
            return arguments, ast.literal_eval(found[2])
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        pass
    raise ValueError("an example cannot be read")


# --- limits ---


def limits(term: Program, library: Mapping[str, Package], least: int, *, wide: bool = False) -> str:
    """The bounds of the data; `least` is the smallest size of lists, strings and lists of words.

    With `wide` the data may be so large that quadratic programs are too slow.
    """
    _, p = _data(term, library)
    size = f"{least} to {_most(p, wide)}"
    match p.kind:
        case "list":
            order = f"{', all different' if p.distinct else ''}{', in ascending order' if p.sorted else ''}"
            clause = f"holds {size} integers from {p.low} to {p.high}{order}"
        case "words":
            clause = f"holds {size} words of {_range(p.word_length)} letters of `{p.alphabet}`"
        case "string":
            clause = f"has {size} letters of `{p.alphabet}`"
        case _:
            clause = _graph(p, wide)
    return f"`{term.variable}` {clause}"


def _graph(p: Parameter, wide: bool) -> str:
    connected = "connected " if p.connected else ""
    aside = " (directions aside)" if p.connected and p.directed else ""
    parts = [f"describes a {connected}graph{aside} with the vertices 1 to n, where"]
    parts.append(f"{_fewest(p)} <= n <= {_most(p, wide)}; no edge occurs twice or joins a vertex to itself")
    if p.acyclic:
        parts.append("; every edge leads to a vertex with a higher number")
    if p.weights:
        parts.append(f"; weights are integers from {p.weights[0]} to {p.weights[1]}")
    return " ".join(parts).replace(" ;", ";")


def least(text: str, term: Program, library: Mapping[str, Package]) -> int | None:
    """The smallest size that limits promise; None if they are not those of the program."""
    sizes = dict.fromkeys((0, 1, _fewest(_data(term, library)[1])))
    told = ((size, limits(term, library, size, wide=wide)) for size in sizes for wide in (False, True))
    return next((size for size, found in told if found == text), None)


def are_wide(text: str, term: Program, library: Mapping[str, Package]) -> bool:
    """True if the limits of a program are those of one that is to be sped up."""
    size = least(text, term, library)
    return size is not None and limits(term, library, size, wide=True) == text


def may_be_empty(size: int, term: Program, library: Mapping[str, Package]) -> bool:
    """True if data with a smallest size can be empty."""
    return size == 0 and _data(term, library)[1].kind != "graph"


def smallest(term: Program, library: Mapping[str, Package], answered: list[Any]) -> int:
    """The smallest size that can be promised if the program has a value for these data at the edge."""
    sizes = [len(value) for value in answered]
    return next((size for size in (0, 1) if size in sizes), _fewest(_data(term, library)[1]))


def fits(value: Any, size: int, term: Program, library: Mapping[str, Package], *, wide: bool = False) -> bool:
    """True if data keep the limits with a smallest size."""
    _, p = _data(term, library)
    match p.kind, value:
        case "list", list():
            kept = all(type(x) is int and p.low <= x <= p.high for x in value) and _ordered(p, value)
        case "string", str():
            kept = set(value) <= set(p.alphabet or "")
        case "words", list():
            low, high = p.word_length or (1, 9)
            kept = all(isinstance(w, str) and low <= len(w) <= high and {*w} <= {*(p.alphabet or "")} for w in value)
        case "graph", list():
            return all(_is_edge(p, edge) for edge in value) and _sized(p, value, wide) and misfit(p, value) is None
        case _:
            return False
    return kept and size <= len(value) <= _most(p, wide)


def _ordered(p: Parameter, value: list[int]) -> bool:
    return (not p.distinct or len(set(value)) == len(value)) and (not p.sorted or value == sorted(value))


def _is_edge(p: Parameter, edge: Any) -> bool:
    if type(edge) is not tuple or len(edge) != (3 if p.weights else 2) or any(type(part) is not int for part in edge):
        return False
    return not p.weights or p.weights[0] <= edge[2] <= p.weights[1]


def _sized(p: Parameter, edges: list[tuple[int, ...]], wide: bool) -> bool:
    vertices = {vertex for edge in edges for vertex in edge[:2]}
    return bool(vertices) and min(vertices) >= 1 and _fewest(p) <= max(vertices) <= _most(p, wide)


def _data(term: Program, library: Mapping[str, Package]) -> tuple[str, Parameter]:
    assert isinstance(term.body, Apply)  # programs are pipelines of skills
    node, name = body_data(term.body, library)
    return name, library[node.skill].spec.parameters[name]


def _bounds(p: Parameter) -> tuple[int, int]:
    return (p.nodes or (4, 6)) if p.kind == "graph" else (p.length or (3, 6))


def _fewest(p: Parameter) -> int:
    return _bounds(p)[0]


def _most(p: Parameter, wide: bool) -> int:
    most = max((MOST_WIDE if wide else MOST)[p.kind], _bounds(p)[1])
    return min(most, p.high - p.low + 1) if p.kind == "list" and p.distinct else most


def _range(bounds: tuple[int, int] | None) -> str:
    low, high = bounds or (1, 9)
    return f"{low} to {high}" if low != high else f"{low}"


# --- data ---


def edges(term: Program, library: Mapping[str, Package]) -> list[Any]:
    """Data at the edge of the limits: the smallest, those of equal elements, those in order."""
    _, p = _data(term, library)
    made = {"list": _edge_lists, "string": _edge_strings, "words": _edge_words, "graph": _edge_graphs}[p.kind](p)
    found = {repr(value): value for value in made}
    return [value for value in found.values() if fits(value, 0, term, library)]


def large(term: Program, library: Mapping[str, Package], rng: Random, *, wide: bool = False) -> list[Any]:
    """Data of the greatest size: drawn, and in an order that makes many programs slow."""
    _, p = _data(term, library)
    most = _most(p, wide)
    size = {"nodes": (most, most)} if p.kind == "graph" else {"length": (most, most)}
    drawn = draw(p.model_copy(update={**size, "density": min(p.density, DENSITY)}), rng)
    ordered: Any
    match p.kind:
        case "list":
            ordered = sorted(draw(p.model_copy(update=size), rng))
        case "string":
            ordered = (str(p.alphabet)[:2] * most)[:most]
        case "words":
            ordered = [(str(p.alphabet)[0] * most)[: (p.word_length or (1, 9))[1]]] * most
        case _:
            ordered = [_weighted(p, (v, v + 1), v) for v in range(1, most)]
    return [drawn, ordered]


def is_large(value: Any, term: Program, library: Mapping[str, Package]) -> bool:
    """True if data are so large that a check that tries everything need not come to an end."""
    _, p = _data(term, library)
    if not fits(value, 0, term, library, wide=True):  # it may be anything that a record has for a test
        return False
    size = max((vertex for edge in value for vertex in edge[:2]), default=0) if p.kind == "graph" else len(value)
    return size > 2 * _bounds(p)[1]


def _edge_lists(p: Parameter) -> Iterator[list[int]]:
    low, high = p.low, p.high
    yield from ([], [low], [high], [high] * 5, [low, high] * 3)
    yield list(range(low, high + 1, max(1, (high - low) // 7)))
    yield list(range(high, low - 1, -max(1, (high - low) // 7)))


def _edge_strings(p: Parameter) -> Iterator[str]:
    letters = p.alphabet or "a"
    yield from ("", letters[0], letters[-1] * 6, letters, letters[::-1], letters[:2] * 4)


def _edge_words(p: Parameter) -> Iterator[list[str]]:
    letters, (low, high) = p.alphabet or "a", p.word_length or (1, 9)
    one, other = (letters[0] * high)[:low], (letters[::-1] * high)[:high]
    yield from ([], [one], [other] * 3, [one, other, one])


def _edge_graphs(p: Parameter) -> Iterator[list[tuple[int, ...]]]:
    n = _fewest(p)
    yield [_weighted(p, (v, v + 1), v) for v in range(1, n)]
    yield [_weighted(p, (1, v), 0) for v in range(2, n + 1)]
    yield [_weighted(p, (v, n), 1) for v in range(1, n)]
    yield [_weighted(p, (a, b), a + b) for a in range(1, n) for b in range(a + 1, n + 1)]


def _weighted(p: Parameter, edge: tuple[int, int], number: int) -> tuple[int, ...]:
    """An edge, with the lightest or heaviest weight if edges have weights."""
    return (*edge, p.weights[number % 2]) if p.weights else edge


# --- judging ---


def _returned(term: Program, library: Mapping[str, Package]) -> str | None:
    assert isinstance(term.body, Apply)
    output = library[term.body.skill].spec.output
    return _TYPES.get(output.kind) if output is not None else None


def signature(term: Program, library: Mapping[str, Package]) -> str:
    """The function asked for, with types."""
    _, p = _data(term, library)
    kind = f"list[tuple[{', '.join(['int'] * (3 if p.weights else 2))}]]" if p.kind == "graph" else _TYPES[p.kind]
    return f"solve({term.variable}: {kind}) -> {_returned(term, library)}"


def judging(
    term: Program, library: Mapping[str, Package], promises: Promises, ticks: int, tags: tuple[str, ...]
) -> Judging:
    """How a program is judged of which the reference uses so many ticks on all tests."""
    fewest = LEAST_WIDE if are_wide(promises.limits, term, library) else LEAST
    return Judging(
        form="function",
        signature=signature(term, library),
        ticks=max(fewest, TIMES * ticks),
        limits=(promises.limits,),
        edge_rule=promises.edge_rule,
        examples=tuple(TestCase.of(*call) for call in promises.examples),
        tags=tags,
    )
