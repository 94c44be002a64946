"""Programs that a statement shows or asks for: likely faults, and examples that tell something."""

from __future__ import annotations

import ast
import contextlib
import io
from collections.abc import Mapping
from random import Random

import pytest

from agentprop.composition import promises, slips, suites
from agentprop.composition.families import SPEED
from agentprop.composition.listing import listing
from agentprop.composition.program_submissions import of_program
from agentprop.composition.program_tasks import changed, edge_answer, faulty, likely, telling_edges
from agentprop.composition.suite_building import settings
from agentprop.composition.terms import Apply, Given, Program, Variable
from agentprop.sandbox.inside import meter
from agentprop.skills import Package


def test_a_program_to_be_repaired_does_not_show_its_fault(library: Mapping[str, Package]) -> None:
    term = Apply("coding-graphs-sum-partners", (("xs", Variable("xs")), ("m", Given("5"))))
    own = listing(term, library, entry=("solve", "xs"))
    subtracting, always = (
        {text for text in changed(own) if shown in text} for shown in ("sizes -= [1] * count", "if True:")
    )
    assert len(subtracting) == 1 and len(always) == 3
    assert {text for text in changed(own) if not likely(text)} == subtracting | always
    assert any("sizes.append(count - counts[partner])" in text for text in changed(own) if likely(text))


def test_the_example_tells_more_than_one_element_again_and_again(library: Mapping[str, Package]) -> None:
    term = Program("xs", Apply("coding-lists-drop-multiples", (("xs", Variable("xs")), ("k", Given("3")))))
    inputs = [[7, 7, 3], [7, 7, 7, 1, 3], [5, 1, 4, 9, 8, 6]]
    data = inputs + promises.edges(term, library)
    printed = [repr([x for x in xs if x % 3]) for xs in data]
    made = of_program(term, library, "Thin it out.", repr(inputs), printed, "write", None, Random(1))
    assert "Example: `solve([5, 1, 4, 9, 8, 6])` returns `[5, 1, 4, 8]`." in made.statement


OWN = "def f1(xs):\n    total = 0\n    for x in xs:\n        if x >= 3:\n            total += x\n    return total"
OWN += "\n\ndef solve(xs):\n    return f1(xs)"


def test_a_slip_is_tried_on_the_data_and_one_that_gives_itself_away_is_none() -> None:
    endless = OWN.replace("total = 0", "total = 0\n    while total < 1:\n        pass")
    broken = OWN.replace("return total", "return total // (total - 3)")
    some = [OWN.replace(">= 3", "> 3"), OWN.replace("+= x", "-= x"), OWN.replace("= 0", "= 1"), endless, broken]
    code = slips.trial(OWN, some, "[[1], [2, 3], [5], [1, 1]]")
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(code, {})
    shares = slips.shares(some, out.getvalue().splitlines())
    assert shares == {some[0]: 0.25, some[1]: 0.5}  # one that is wrong for all data is found at a glance


def test_of_a_family_a_slip_that_few_hidden_tests_show_comes_first(library: Mapping[str, Package]) -> None:
    families = [package for package in library.values() if package.spec.judged is not None]
    assert len(families) == 12
    for package in families:
        for values in settings(package):
            shares = faulty(package, values)
            assert all(0 < share <= 1 for share in shares.values())
            chosen = [shares[program] for program in slips.subtle(shares)]
            assert len(chosen) > 2 and all(slips.LEAST <= share <= slips.MOST for share in chosen)


def test_an_edge_is_asked_about_if_its_result_cannot_be_guessed(library: Mapping[str, Package]) -> None:
    turnstile, depots = library["coding-judge-turnstile"], library["coding-judge-depots"]
    for package, guessed in ((turnstile, "0"), (depots, "-1")):
        found, judged = suites.setting(package, {"a": 4}), package.spec.judged
        assert found is not None and judged is not None
        results = {edge_answer(judged, found, given) for given in telling_edges(judged, found)}
        assert results and guessed not in results


def test_a_step_of_the_stated_budget_is_a_tick_of_the_meter() -> None:
    assert meter.ELEMENTS == 16 and "sixteen elements" in SPEED.format(1000)


def test_a_slip_that_doubles_a_list_without_end_is_stopped_by_its_turns(capsys: pytest.CaptureFixture[str]) -> None:
    own = """
def f1(n):
    level, count = [n], 0
    while level:
        beyond = []
        for i in level:
            count += 1
            beyond += [i - 1] * (i > 0)
        level = beyond
    return count

def solve(n):
    return f1(n)
"""
    own = ast.unparse(ast.parse(own))
    endless = own.replace("[i - 1] * (i > 0)", "[i - 1, i - 1]")
    exec(slips.trial(own, [own.replace("count += 1", "count += 2"), endless], "[3, 4]"), {})
    assert capsys.readouterr().out.split() == ["1.0", slips.UNFIT]
