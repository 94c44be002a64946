"""A solution is told from the composition, holds nothing that was not computed, and leads to the answer."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest

from agentprop.agent.candidates import tools
from agentprop.composition.solution import modules, recheck, solved, tracing
from agentprop.composition.solution.checking import Sources, fault
from agentprop.composition.terms import Apply, Combine, Given, Sought, Variable, from_json, imports, to_json
from agentprop.composition.terms import modules as composed
from agentprop.export.solutions import reply
from agentprop.grading.probers import grade_answer
from agentprop.records import Problem, Solution
from agentprop.sandbox import Job
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package

PLACES = '{"apply":"combinatorics-fixed-points","to":{"n":%s,"k":"2"}}'
GIVEN, SWEPT = PLACES % '"5"', PLACES % '{"var":"n"}'
ZEROS = f'{{"apply":"number-theory-factorial-zeros","to":{{"n":{GIVEN},"b":"12"}}}}'
LEAST = (
    f'{{"node":"least","variable":"n","low":5,"body":{SWEPT},"relation":{{"is":"at_least","value":500,"other":null}}}}'
)
TOTAL = f'{{"node":"total","variable":"n","low":5,"high":8,"body":{SWEPT}}}'
COUNT = (
    f'{{"node":"count","variable":"n","low":5,"high":20,"body":{SWEPT},"relation":'
    '{"is":"divisible","value":10,"other":null}}'
)


def traced(term: Any, library: Mapping[str, Package], executor: Executor) -> Any:
    """What the trace of a term finds."""
    code = f"{imports(term, library)}\nfrom fractions import Fraction\nfrom tools import *\nfound = []\n"
    sources = {**tools(), **modules(), **composed(term, library)}
    result = asyncio.run(executor.run(Job(code + tracing(term, library), sources, returns="found")))
    assert result.status == "ok" and isinstance(result.value, list), result.error
    return result.value[0]


def told(
    text: str, library: Mapping[str, Package], executor: Executor, answer: str, numbers: str = "5 2 12"
) -> Solution:
    term = from_json(text)
    return solved(term, library, f"A question with the numbers {numbers}.", answer, traced(term, library, executor))


def test_a_chain_is_told_from_the_inside(library: Mapping[str, Package], executor: Executor) -> None:
    solution = told(ZEROS, library, executor, "8")
    assert solution.left_out == ""
    assert solution.values == ("20",)
    assert r"$\binom{5}{2} = 10$" in solution.text and r"$10 \cdot 2 = 20$" in solution.text
    assert solution.text.index("= 20$") < solution.text.index("$20!$")
    assert solution.text.endswith("The answer is 8.")


def test_two_quantities_of_one_name_are_told_apart(library: Mapping[str, Package], executor: Executor) -> None:
    data = ("59.3 26.40 189 589 35", "131.4 6.82 298 427 45")
    sides = []
    for numbers in data:
        *measured, percent = numbers.split()
        givens = [(name, Given(f"{number} µmol/L")) for name, number in zip("kist", measured, strict=True)]
        sides.append(Apply("biochemistry-competing-inhibitor", (*givens, ("p", Given(percent)))))
    text = to_json(Combine("difference", sides[0], sides[1]))
    solution = told(text, library, executor, "654 µmol/L", " ".join(data))
    assert solution.left_out == ""
    for number in ("59.3", "131.4"):
        assert f"the concentration of the inhibitor, in the case with {number} µmol/L." in solution.text


@pytest.mark.parametrize(
    ("text", "answer", "sentence"),
    [
        (LEAST, "7", "The condition holds for the first time at $n = 7$."),
        (TOTAL, "8499", "Their sum is 8499."),
        (COUNT, "7", "which makes 7."),
        (f'{{"node":"combine","op":"sum","left":{GIVEN},"right":{ZEROS}}}', "28", "The sum is $20 + 8 = 28$."),
        (f'{{"node":"remainder","body":{GIVEN},"modulus":7}}', "6", r"$20 \bmod 7 = 6$"),
        (f'{{"node":"lowestterms","body":{GIVEN}}}', "21", "so $p + q = 20 + 1 = 21$"),
    ],
    ids=["least", "total", "count", "sum", "remainder", "lowest terms"],
)
def test_an_operator_is_told_with_its_numbers(
    text: str, answer: str, sentence: str, library: Mapping[str, Package], executor: Executor
) -> None:
    solution = told(text, library, executor, answer, "2 5 8 12 20 500 10 7")
    assert solution.left_out == "" and sentence in solution.text, solution


def test_a_solution_of_another_answer_is_left_out(library: Mapping[str, Package], executor: Executor) -> None:
    solution = told(ZEROS, library, executor, "9")
    assert (solution.text, solution.left_out.partition(":")[0]) == ("", "another answer")


def test_a_number_from_nowhere_leaves_the_solution_out(library: Mapping[str, Package], executor: Executor) -> None:
    solution = told(ZEROS, library, executor, "8", numbers="5 2")
    assert solution.left_out.startswith("unknown number: 12 ")


def test_what_cannot_be_traced_is_left_out_with_its_reason(library: Mapping[str, Package], executor: Executor) -> None:
    solution = told(PLACES % '{"var":"n"}', library, executor, "8")
    assert solution.left_out.startswith("untraced: NameError")


def test_every_changed_number_is_noticed(library: Mapping[str, Package], executor: Executor) -> None:
    term = from_json(ZEROS)
    found, statement = traced(term, library, executor), "The numbers 5, 2 and 12."
    solution = solved(term, library, statement, "8", found)
    assert recheck(solution, term, library, statement, "8", found) is None
    body = solution.text
    for number in re.finditer(r"\d+", body):
        changed = body[: number.start()] + str(int(number[0]) + 987) + body[number.end() :]
        assert recheck(Solution(text=changed), term, library, statement, "8", found) is not None, changed


def test_accepted_problems_have_solutions_that_a_grader_marks_right(problems: list[Problem]) -> None:
    told = [problem.solution for problem in problems if problem.solution is not None]  # objects are no compositions
    without = [solution for solution in told if not solution.text]
    assert len(told) >= len(problems) // 2
    assert len(without) <= len(problems) // 50, without
    for problem in problems:
        if problem.solution is None or not problem.solution.text:
            continue
        if problem.answer_type == "program":
            assert problem.answer in reply(problem)
        else:
            assert grade_answer(problem, reply(problem)).outcome == "correct", reply(problem)


def test_a_stored_solution_is_checked_again(problems: list[Problem], judge: Any) -> None:
    told = [p for p in problems if p.answer_type == "integer" and p.solution is not None]
    chosen = [p for p in told if p.solution and p.solution.values and p.solution.values[0].isdecimal()][:3]
    assert chosen
    for problem in chosen:
        assert problem.solution is not None
        assert judge([problem])[0].value == "valid"
        text = f"There are 987654321 of them. {problem.solution.text}"
        forged = problem.model_copy(update={"solution": Solution(text=text, values=problem.solution.values)})
        found = judge([forged])[0]
        assert (found.value, found.code) == ("invalid", "solution")


def test_a_number_may_be_told_by_its_mantissa_or_with_a_power_of_ten() -> None:
    asked = r"A foil has $7.20\times10^{19}$ atoms. For which value of $u$ is this so?"
    sources = Sources.of(asked, [6.4995], [r"It grows by $<u>\times10^{-4}$."])
    told = r"So $7.20 \cdot 2 = 14.40$ and $u$ is $6.4995\times10^{-4}$."
    assert fault(f"{told}\n\nThe answer is 6.", "6", Sources.of(asked, [6.4995, 14.4, 2], ())) is not None
    assert sources.hold(Fraction("7.2")) and sources.hold(Fraction("0.00064995"))
    assert not sources.hold(Fraction("0.0064995")) and not sources.hold(Fraction("7.3"))


def test_a_datum_is_enclosed_by_two_numbers_and_the_course_of_the_value_is_told(
    library: Mapping[str, Package], executor: Executor
) -> None:
    given = {"q": Given("100.0 L/min"), "a": Given("10.0 cm²"), "s": Variable("x"), "k": Given("0.70")}
    text = to_json(Sought("x", Apply("fluids-leaking-tank", tuple(given.items())), "694.2"))
    solution = told(text, library, executor, "2.00 m²", "100.0 10.0 0.70 694.2")
    assert solution.left_out == ""
    assert "It rises with $x$ all the time" in solution.text
    assert "For $x = 1.6$ they give 555.32 s, for $x = 2.5$ they give 867.69 s." in solution.text


def test_a_difference_of_quantities_has_their_unit(library: Mapping[str, Package], executor: Executor) -> None:
    data = ("59.3 26.40 189 589 35", "131.4 6.82 298 427 45")
    sides = []
    for numbers in data:
        *measured, percent = numbers.split()
        givens = [(name, Given(f"{number} µmol/L")) for name, number in zip("kist", measured, strict=True)]
        sides.append(Apply("biochemistry-competing-inhibitor", (*givens, ("p", Given(percent)))))
    solution = told(to_json(Combine("difference", *sides)), library, executor, "654 µmol/L", " ".join(data))
    assert re.search(r"The first value exceeds the second by \$[^$]+\$ µmol/L\.", solution.text)
