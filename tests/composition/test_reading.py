"""Reader and writer are inverse, and no text makes the reader fail."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_skills import skill_text

from agentprop.composition import grammar
from agentprop.composition.objects import is_undrawn
from agentprop.composition.planner import Impossible, Planner
from agentprop.composition.reader import MAX_STATEMENT, read
from agentprop.composition.terms import Apply, Given, Term, Total, Variable, from_json, operators, skills, to_json
from agentprop.composition.writer import Unwritable, write
from agentprop.skills import Package, load, worded

PELL = "the distance from $2002$ to the next larger integer $X$ for which $X^2-11Y^2=1$ has an integer solution $Y$"


def plans(planner: Planner, count: int, seed: str) -> list[tuple[Term, str]]:
    """Random compositions of every category with a statement of each."""
    out: list[tuple[Term, str]] = []
    categories = sorted(planner.categories)
    for number in range(count):
        rng = Random(f"{seed}/{number}")
        try:
            term = planner.plan(categories[number % len(categories)], rng)
            while is_undrawn(term, planner.library):  # a model is read back in test_objects.py
                term = planner.plan(rng.choice(categories), rng)
            out.append((term, write(term, planner.library, rng)))
        except (Impossible, Unwritable):
            continue
    return out


@pytest.mark.parametrize("count", [2000, pytest.param(20_000, marks=pytest.mark.slow)])
def test_what_is_written_is_read_back_and_nothing_else(count: int, library: Mapping[str, Package]) -> None:
    planner = Planner(library)
    written = plans(planner, count, "inverse")
    assert len(written) > 0.85 * count  # without the objects whose facts are still to be constructed
    kinds = Counter(op for term, _ in written for op in operators(term))
    assert set(kinds) >= {"chain", "aggregate", "invert", "constrain", "nest", "program", "trace"}
    for term, statement in written:
        assert read(statement, {name: library[name] for name in skills(term)}) == [term], statement


def test_a_statement_means_the_same_to_whoever_knows_the_whole_library(library: Mapping[str, Package]) -> None:
    for term, statement in plans(Planner(library), 150, "whole"):
        assert read(statement, library) == [term], statement


def test_a_letter_stands_behind_short_names_only(library: Mapping[str, Package]) -> None:
    called = re.compile(r"(?:^|[.\n] ?)Call ([^.$]*) \$[A-Za-z]\$\.")
    written = [text for _, text in plans(Planner(library), 600, "called")]
    names = [name for text in written for name in called.findall(text)]
    assert len(names) > 5
    assert all(grammar.told(name) == grammar.TOLD for name in names)
    assert grammar.told("the list of the times at which they are done, in the order of the line") == grammar.TOLD_FIRST


def test_compositions_survive_json(library: Mapping[str, Package]) -> None:
    for term, _ in plans(Planner(library), 300, "json"):
        assert from_json(to_json(term)) == term


# --- hostile and arbitrary text ---

LIBRARY = load([])
TABLES = (grammar.FRAMES, grammar.PHRASES, grammar.RELATIONS)
FRAGMENTS = sorted(
    {text for table in TABLES for forms in table.values() for text in forms}
    | {w.text for package in LIBRARY.values() for w in package.spec.phrasings}
    | {phrase for package in LIBRARY.values() for phrase in package.spec.value}
    | {*grammar.STEPS_FRAMES, *grammar.PROGRAM_FRAMES, *grammar.PRINTED_FRAMES, *grammar.DATA_NOUNS.values()}
)
PIECES = st.sampled_from(
    [
        *FRAGMENTS,
        PELL,
        "Let $k$ be ",
        ", where $k$ is ",
        " and let $m$ be ",
        " and ",
        ". ",
        "1. ",
        "\n",
        "$k$",
        "$",
        "7",
        "-3",
        "[1, 2]",
        "`xs`",
        grammar.FRACTION_NOTE,
        "print(f1(xs=[1]))",
        "the ",
        "\x00",
        "é",
        "9" * 5000,
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=12).map("".join), st.lists(PIECES).map(" ".join)))
def test_reading_never_raises(text: str) -> None:
    assert isinstance(read(text, LIBRARY), list)


LETTERS = "abcdefghijklmorstuvwzABCDEFGH"
HOSTILE = {
    "sums in sums": "Find " + "the sum of " * 150 + PELL + f" and {PELL}" * 20 + ".",
    "sums of nothing": "Find " + "the sum of " * 400 + "x" + " and x" * 400 + ".",
    "only and": "Find the sum of " + "the sum of the product of a and " * 150 + "x.",
    "totals": "Find " + "the sum of " * 100 + PELL + r" over all integers $n$ with $1 \le n \le 9$" * 100 + ".",
    "relations": "Find " + r"the smallest integer $n \ge 1$ for which the b " * 90 + "is odd" * 90 + ".",
    "lets": "".join(f"Let ${c}$ be {PELL}. " for c in LETTERS * 4) + "Find $k$.",
    "let and let": "Let " + " and let ".join(f"${c}$ be {PELL}" for c in LETTERS * 4) + ". Find $k$.",
    "wheres": "Find $k$" + "".join(f", where ${c}$ is {PELL}" for c in LETTERS * 4) + ".",
    "sentences": f"Let $k$ be {PELL}. " + "A $k$. " * 2000,
    "brackets": "What does the following program print?\n\n```python\n" + "f(" * 3000 + ")" * 3000 + "\n```",
    "minuses": "What does the following program print?\n\n```python\nprint(" + "-" * 9000 + "1)\n```",
    "a huge number": "Find the smallest integer $n \\ge " + "9" * 6000 + "$ for which " + PELL + " is odd.",
    "too long": "Find " + PELL * 400 + ".",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_given_up_and_not_read(name: str) -> None:
    assert read(HOSTILE[name], LIBRARY) == []


def test_a_story_told_again_and_again_is_given_up() -> None:
    for name, package in LIBRARY.items():
        for wordings in package.spec.follows.values():
            opening = wordings[0].text.split("<")[0] or "The "
            text = (opening + "A. ") * (MAX_STATEMENT // (len(opening) + 3))
            assert read(text, {name: package}) == []


def test_many_steps_are_too_many(library: Mapping[str, Package]) -> None:
    step = "Replace every element by its base-3 digit sum (signs ignored)"
    steps = {n: re.sub("<.*?>", "3", worded(p.spec.step, True)) for n, p in library.items() if p.spec.step}
    [name] = [n for n, text in steps.items() if text.lower() == step.lower()]

    def statement(count: int) -> str:
        lines = "\n".join(f"{number}. {step}." for number in range(1, count + 1))
        frame = grammar.STEPS_FRAMES[0].replace("<data>", grammar.DATA_NOUNS["list"])
        return frame.replace("<var>", "xs").replace("<steps>", lines)

    assert len(read(statement(3), {name: library[name]})) == 1
    assert read(statement(300), {name: library[name]}) == []


# --- what small differences mean ---

GCD = skill_text(
    "gcd",
    """
    parameters:
      a: {kind: integer, min: 1, max: 99}
      b: {kind: integer, min: 1, max: 99}
    flavour: {who: [Ada, Noor]}
    output: {kind: integer}
    phrasings:
      - {ask: "<who> divides $<a>$ by $<b>$. What does <who> find as the greatest common divisor?"}
      - {ask: "Find the greatest common divisor of $<a>$ and $<b>$."}
    value: ["the greatest common divisor of $<a>$ and $<b>$"]
    """,
)
SCRIPT = "import math\n\ndef solve(a, b):\n    return math.gcd(a, b)\n\ndef check(a, b):\n    return math.gcd(b, a)\n"


@pytest.fixture(scope="module")
def toy() -> dict[str, Package]:
    from agentprop.skills import parse

    return {"toy-gcd": parse(GCD, SCRIPT)}


def gcd(a: Term, b: Term) -> Apply:
    return Apply("toy-gcd", (("a", a), ("b", b)))


SIX_FOUR = gcd(Given("6"), Given("4"))


N = Variable("n")
OVER = r" over all integers $n$ with $1 \le n \le 9$."
THREE_K = "the greatest common divisor of $3$ and $k$"
WHERE = ", where $k$ is the greatest common divisor of $6$ and $4$."


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Find the greatest common divisor of $6$ and $4$.", [SIX_FOUR]),
        ("What is the greatest common divisor of $6$ and $4$?", [SIX_FOUR]),
        ("Ada divides $6$ by $4$. What does Ada find as the greatest common divisor?", [SIX_FOUR]),
        ("Ada divides $6$ by $4$. What does Noor find as the greatest common divisor?", []),
        ("Tom divides $6$ by $4$. What does Tom find as the greatest common divisor?", []),
        ("Find the greatest common divisor of $6$ and $4$", []),
        ("Find the greatest common divisor of $6$ and $4$. ", []),
        ("Find the greatest common divisor of $06$ and $4$.", []),
        ("Find the greatest common divisor of $+6$ and $4$.", []),
        ("Find the greatest common divisor of $6.0$ and $4$.", []),
        ("Find the greatest common divisor of $6$ and $k$.", []),
        ("Find the greatest common divisor of $6$ and $k$" + WHERE, [gcd(Given("6"), SIX_FOUR)]),
        ("Find the greatest common divisor of $6$ and $j$" + WHERE, []),
        ("Find the greatest common divisor of $6$ and $4$" + WHERE, []),
        (
            "Let $k$ be the greatest common divisor of $6$ and $4$. Find the greatest common divisor of $6$ and $k$.",
            [gcd(Given("6"), SIX_FOUR)],
        ),
        ("Let $k$ be the greatest common divisor of $6$ and $4$. Find the greatest common divisor of $6$ and $4$.", []),
        (r"Find the smallest integer $k \ge 1$ for which " + THREE_K + " is odd" + WHERE, []),
        (r"Find the sum of the greatest common divisor of $6$ and $n$" + OVER.replace("1", "01"), []),
        (r"Find the sum of the greatest common divisor of $6$ and $n$" + OVER, [Total("n", 1, 9, gcd(Given("6"), N))]),
        ("Find the greatest common divisor of $6$ and $4$. Give your answer to three significant figures.", []),
    ],
)
def test_a_statement_says_exactly_what_it_says(text: str, terms: list[Term], toy: dict[str, Package]) -> None:
    assert read(text, toy) == terms


def test_a_statement_with_two_meanings_has_two_terms(toy: dict[str, Package]) -> None:
    from agentprop.skills import parse

    twin = parse(GCD.replace("toy-gcd", "toy-twin"), SCRIPT)
    assert len(read("Find the greatest common divisor of $6$ and $4$.", {**toy, "toy-twin": twin})) == 2
