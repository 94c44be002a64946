"""Solutions of object kinds: what the facts say in formulas, what they leave, and how that answers the question."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any, NamedTuple

import pytest

from agentprop.composition import objects
from agentprop.composition.skill_runs import run
from agentprop.composition.solution import solved
from agentprop.composition.solution.arithmetic import false_equations
from agentprop.composition.solution.objects import claims, in_words
from agentprop.composition.solution.trial import trial_faults
from agentprop.composition.terms import Apply, Given
from agentprop.composition.writer import write
from agentprop.records import Solution
from agentprop.sandbox import Sandbox
from agentprop.skills import Package, holes, load
from agentprop.skills.values import render

KINDS = [name for name, package in load([]).items() if package.spec.is_object]
MODELS = 16


class Case(NamedTuple):
    """A model, and what the script of its kind says of it."""

    model: dict[str, Any]
    value: Any
    steps: dict[str, Any]


@pytest.fixture(scope="module")
def cases(library: Mapping[str, Package]) -> dict[str, list[Case]]:
    with Sandbox(preload=(), slots=1) as sandbox:
        return {
            name: _cases(library[name], objects.samples(library[name], MODELS, 3, sandbox), sandbox) for name in KINDS
        }


def _cases(package: Package, models: list[dict[str, Any]], sandbox: Sandbox) -> list[Case]:
    values, steps = (run(package.script or "", function, models, sandbox) for function in ("solve", "steps"))
    return [Case(model, value.value, step.value) for model, value, step in zip(models, values, steps, strict=True)]


def told(package: Package, case: Case) -> Solution:
    parameters = package.spec.parameters.items()
    term = Apply(package.name, tuple((name, Given(render(p, case.model[name]))) for name, p in parameters))
    rows = [[case.value, [[name, step] for name, step in case.steps.items()]]]
    library = {package.name: package}
    return solved(term, library, write(term, library, Random(1)), str(case.value), [rows, ""])


def test_every_model_has_a_solution_that_stands_up(
    library: Mapping[str, Package], cases: Mapping[str, list[Case]]
) -> None:
    for name in KINDS:
        for case in cases[name]:
            solution = told(library[name], case)
            assert solution.left_out == "", (name, case.model)
            assert solution.text.endswith(f"\n\nThe answer is {case.value}.")
            assert "[" not in solution.text and "<" not in re.sub(r" < ", "", solution.text), solution.text
            assert len(solution.text) < 2500, solution.text


def test_the_last_sentence_before_the_answer_has_it(
    library: Mapping[str, Package], cases: Mapping[str, list[Case]]
) -> None:
    for name in KINDS:
        for case in cases[name]:
            reached = told(library[name], case).text.split("\n\n")[-2]
            assert re.search(rf"(?<!\d){re.escape(str(case.value))}(?!\d)", reached), reached


def test_the_formulas_of_facts_hold_for_what_is_left(
    library: Mapping[str, Package], cases: Mapping[str, list[Case]]
) -> None:
    for name in KINDS:
        told = [claim for case in cases[name] for claim in claims(library[name].spec, case.steps)]
        assert len({port for port, _ in told}) >= 4, name
        assert [text for _, text in told if [*false_equations(text)]] == []


def test_a_formula_has_holes_that_the_script_fills(
    library: Mapping[str, Package], cases: Mapping[str, list[Case]]
) -> None:
    for name in KINDS:
        letters = {letter for case in cases[name] for *_, given, _ in case.steps["reached"][3] for letter, _ in given}
        spec = library[name].spec
        for templates in spec.formulas.values():
            assert {hole for template in templates for hole in holes(template)} <= letters | {"v"}, (name, templates)
        ports = {port for p in spec.parameters.values() for port in (*p.phrases, *p.tests)}
        assert {*spec.formulas} <= ports | letters, name


TRIANGLE = "geometry-triangle"


def of_triangle(package: Package, facts: tuple[tuple[str, Any], ...], *question: str) -> Solution:
    with Sandbox(preload=(), slots=1) as sandbox:
        (case,) = _cases(package, [{"box": 15, "facts": facts, "question": question}], sandbox)
    return told(package, case)


SIDES = (("BC", 14), ("perimeter", 42))


@pytest.mark.parametrize(
    ("facts", "question", "sentences"),
    [
        (
            (*SIDES, ("altitude", 12), ("median", 148)),
            ("value", "squares"),
            (
                "First, $BC = 14$. This leaves ",
                r"Then, the perimeter is $42$, that is, $14 + CA + AB = 42$. This leaves $3$: $(14, 13, 15)$, ",
                r"that is, $\frac{2 \cdot S}{14} = 12$, where $S = \frac{1}{4} \cdot \sqrt{(14 + CA + AB)",
                "For $(14, 13, 15)$ and $(14, 15, 13)$ the value is $12$, and for none of the others is it $12$.",
                "This leaves $2$: ",
                r"For $(14, 13, 15)$, $AB^2 + BC^2 + CA^2$ is $15^2 + 14^2 + 13^2 = 590$. For $(14, 15, 13)$, it is $",
            ),
        ),
        (
            (*SIDES, ("CA", 13)),
            ("sum", "area", "power"),
            (r" = 84$, and the product of $AB$ with $CA$ is $CA \cdot AB = 13 \cdot 15 = 195$. Together they make $",),
        ),
        (
            (*SIDES, ("CA", 13)),
            ("branch", "longest", "AB", "perimeter"),
            (r"It is not true that $BC$ is longer than each other side, because $14 \le \max(13,\,15)$. So the perim",),
        ),
        (SIDES, ("greatest", "CA"), ("$CA$ has the values $13$, $14$ and $15$. The greatest one belongs to $(14, 15",)),
        (SIDES, ("number",), ("So there are $3$ in all.",)),
    ],
    ids=["value", "sum", "branch", "extremum", "number"],
)
def test_each_question_is_answered_in_its_own_words(
    facts: tuple[tuple[str, Any], ...],
    question: tuple[str, ...],
    sentences: tuple[str, ...],
    library: Mapping[str, Package],
) -> None:
    solution = of_triangle(library[TRIANGLE], facts, *question)
    assert solution.left_out == ""
    for sentence in sentences:
        assert sentence in solution.text, solution.text


def test_objects_with_the_same_reason_are_named_together(
    cases: Mapping[str, list[Case]], library: Mapping[str, Package]
) -> None:
    texts = [told(library[name], case).text for name in ("optics-bench", "optics-mirror") for case in cases[name]]
    assert any(re.search(r"\nFor \$[^$]+\$, \$[^$]+\$(?:, \$[^$]+\$)? and \$[^$]+\$, ", text) for text in texts)


def test_a_false_formula_of_what_is_asked_leaves_the_solution_out(library: Mapping[str, Package]) -> None:
    wrong = _with(library[TRIANGLE], power=("<CA> + <AB>",))
    solution = of_triangle(wrong, (*SIDES, ("CA", 13)), "value", "power")
    assert (solution.text, solution.left_out.partition(":")[0]) == ("", "false equation")


def test_a_false_formula_of_a_fact_is_a_fault_of_the_package(
    library: Mapping[str, Package], cases: Mapping[str, list[Case]]
) -> None:
    wrong = _with(library[TRIANGLE], median=(r"\frac{<CA>^2 + <AB>^2 - <BC>^2}{4}",))
    for package, faulty in ((library[TRIANGLE], False), (wrong, True)):
        models, values, steps = zip(*cases[TRIANGLE], strict=True)
        found = [*trial_faults(package, models, values, steps)]
        assert any(fault.startswith("formulas.median: ") for fault in found) == faulty
        assert faulty or found == []


def _with(package: Package, **formulas: tuple[str, ...]) -> Package:
    return replace(package, spec=package.spec.model_copy(update={"formulas": {**package.spec.formulas, **formulas}}))


def test_the_steps_of_an_earlier_version_are_no_texts(library: Mapping[str, Package]) -> None:
    assert in_words(library[TRIANGLE].spec, {"family": 870, "counts": [9, 1], "left": "(2, 3, 4)"}) == {}


def test_what_a_letter_counts_is_said_once_however_many_objects_are_left(library: Mapping[str, Package]) -> None:
    package = library["graphs-five-vertices"]
    facts = (("b", 3), ("odd", 4), ("parts", 2), ("triangles", 0))
    model = {"box": 3, "facts": facts, "question": ("sum", "colourings", "paths")}
    with Sandbox(preload=(), slots=1) as sandbox:
        (case,) = _cases(package, [model], sandbox)
    text = told(package, case).text
    assert text.count("Together they make") > 1
    assert text.count("$p_k$ counts") == 1
