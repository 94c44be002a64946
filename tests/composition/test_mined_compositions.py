"""Mined questions are composed with each other and with bundled skills, and what is written reads back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from random import Random

import pytest

from agentprop.composition.letters import shares_letters
from agentprop.composition.planner import Impossible, Planner
from agentprop.composition.reader import read
from agentprop.composition.terms import Apply, Combine, Term, skills
from agentprop.composition.writer import Unwritable, write
from agentprop.extraction.mining.question.mine import mine
from agentprop.extraction.mining.question.package import package
from agentprop.grading.visible import unseen
from agentprop.skills import Hole, Package, parse, segments

QUESTIONS = (
    ("If $x + y = 14$ and $x - y = 8$, what is the product of $x$ and $y$?", "33"),
    ("Find the sum of all values of $x$ such that $|x - 9| = 7$.", "18"),
    ("Solve for $x$: \\[x + 30 = 57.\\]", "27"),
    ("What is the remainder when $7^{25}$ is divided by $11$?", "10"),
    ("Evaluate $3 \\cdot 17 + 40$.", "91"),
)
BUNDLED = ("number-theory-divisor-sum", "number-theory-coprime-count", "number-theory-factorial-zeros")


@pytest.fixture(scope="module")
def own(library: Mapping[str, Package]) -> dict[str, Package]:
    """A few bundled skills, and what is mined from own questions."""
    found = {name: library[name] for name in BUNDLED}
    for question, gold in QUESTIONS:
        template = mine(question, gold)
        name, skill_md, script = package(template, [template.phrasing], 1)
        found[name] = parse(skill_md, script, "mined")
    return found


def drawn(planner: Planner, rounds: int) -> list[tuple[Term, str]]:
    found = []
    for number in range(rounds):
        rng = Random(f"mined/{number}")
        try:
            term = planner.plan(rng.choice(sorted(planner.categories)), rng)
            found.append((term, write(term, planner.library, rng)))
        except (Impossible, Unwritable):
            continue
    return found


def test_most_questions_of_mined_skills_are_composed(own: dict[str, Package]) -> None:
    planner = Planner(own, mined_roots=1.0)
    problems = drawn(planner, 120)
    assert len(problems) > 90
    composed = [(term, text) for term, text in problems if len(skills(term)) > 1]
    origins = Counter(tuple(sorted(planner.index.mined(name) for name in skills(term)[:2])) for term, _ in composed)
    assert len(composed) > len(problems) / 2 and min(origins[(True, True)], origins[(False, True)]) > 5, origins
    for term, text in composed:
        assert term in read(text, own), text
        assert unseen(text, term, own) is None, text


def test_a_letter_in_a_displayed_formula_has_no_dollars(own: dict[str, Package]) -> None:
    [asked] = [p for p in own.values() if any("\\[" in w.text for w in p.spec.phrasings)] or [None]
    text = asked.spec.phrasings[0].text if asked is not None else "Solve for $x$: \\[x + <a> = 57.\\]"
    assert all(part.math for part in segments(text) if isinstance(part, Hole))


def test_a_phrase_with_a_condition_is_no_part_of_a_sum(own: dict[str, Package]) -> None:
    planner = Planner(own, mined_roots=1.0)
    terms = [term for term, _ in drawn(planner, 120) if isinstance(term, Combine)]
    sides = [side for term in terms for side in (term.left, term.right) if isinstance(side, Apply)]
    phrases = [text for side in sides for text in own[side.skill].spec.value]
    assert terms and not any(" if " in text for text in phrases if text)


def test_a_skill_that_composes_is_counted_as_such(own: dict[str, Package]) -> None:
    planner = Planner(own)
    mined = [name for name in own if planner.index.mined(name)]
    assert all(planner.composes(name, Random(0)) for name in mined)
    alone = Planner({name: own[name] for name in mined[:1]})
    assert not alone.composes(mined[0], Random(0)) and not shares_letters(alone.givens(mined[0], Random(0)), own)
