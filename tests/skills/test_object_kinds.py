"""What object kinds have in common: one module, beside their scripts in the sandbox and in none of their files."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agentprop.composition import objects
from agentprop.composition.skill_runs import run
from agentprop.composition.validation import validate
from agentprop.sandbox import Sandbox
from agentprop.skills import Package, bundled_directory, load, object_kinds, parse
from agentprop.skills.harmless import can_only_compute
from agentprop.skills.shared import SHARED, shared
from agentprop.stages.common.library import completed

KIND = "sequences-progression"
RECTANGLES = [(a, b) for a in range(1, 5) for b in range(a, 5)]
PORTS = {
    "area": lambda r: r[0] * r[1],
    "square": lambda r: r[0] == r[1],
    "long": lambda r: r[1],
    "ratio": lambda r: object_kinds.quotient(r[1], r[0]),
    "diagonal": lambda r: 5 if r == (3, 4) else None,
}


@pytest.mark.parametrize(
    ("facts", "question", "answer"),
    [
        ((("area", 6),), ("value", "long"), 3),
        ((("square", True),), ("number",), 4),
        ((("area", 4),), ("greatest", "long"), 4),
        ((("area", 4),), ("least", "ratio"), 1),
        ((("area", 6),), ("sum", "area", "long"), 9),
        ((("area", 9),), ("branch", "square", "long", "area"), 3),
        ((("area", 7),), ("number",), 0),
    ],
)
def test_a_question_has_the_answer_of_every_member_that_fits(
    facts: tuple[tuple[str, object], ...], question: tuple[str, ...], answer: int
) -> None:
    found = object_kinds.answer(RECTANGLES, facts, question, PORTS)
    assert (found, type(found)) == (answer, int)


@pytest.mark.parametrize(
    ("facts", "question", "why"),
    [
        ((("area", 4),), ("value", "long"), "more than one value"),
        ((("area", 7),), ("value", "long"), "nothing fits"),
        ((("long", 4),), ("least", "diagonal"), "not rational"),
    ],
)
def test_a_question_without_one_answer_is_refused(
    facts: tuple[tuple[str, object], ...], question: tuple[str, ...], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        object_kinds.answer(RECTANGLES, facts, question, PORTS)


def test_steps_count_what_each_fact_leaves_and_list_eight_members_at_most() -> None:
    facts = (("square", False), ("long", 4))
    told = object_kinds.narrowed(RECTANGLES, facts, PORTS)
    assert told == {"family": 10, "counts": [6, 3], "left": "(1, 4), (2, 4), (3, 4)"}
    assert object_kinds.narrowed(RECTANGLES, (), PORTS)["left"].endswith(", 2 more")


LETTERS = {"a": lambda r: r[0], "b": lambda r: r[1]}


def worked(facts: tuple[tuple[str, object], ...], *question: str) -> dict[str, Any]:
    return object_kinds.worked(RECTANGLES, facts, question, PORTS, LETTERS, ("long",))


def test_what_a_member_is_narrows_the_family_first_and_settles_its_letters() -> None:
    first, second = worked((("square", False), ("long", 4)), "value", "area")["narrowing"]
    assert first == ["long", 4, [], [], 4, ["$(1, 4)$", "$(2, 4)$", "$(3, 4)$", "$(4, 4)$"]]
    assert second == ["square", 0, [["b", 4]], [0, 0, 0, 1], 3, ["$(1, 4)$", "$(2, 4)$", "$(3, 4)$"]]


def told_apart(facts: tuple[tuple[str, object], ...]) -> list[Any]:
    family = [(a, b) for b in range(1, 9) for a in range(1, b + 1)]
    return list(object_kinds.told_apart(family, facts, ("number",), PORTS, LETTERS, ("long",))["narrowing"])


def test_the_fact_that_leaves_fewest_comes_first_behind_what_a_member_is() -> None:
    told = told_apart((("square", False), ("area", 24), ("long", 8)))
    assert [(port, left) for port, _, _, _, left, *_ in told] == [("long", 8), ("area", 1), ("square", 1)]


def test_members_too_many_to_list_are_counted_by_their_first_letter_of_few_values() -> None:
    (row,) = told_apart((("square", False),))
    assert row[4] == 28 and row[-1] == ["a", [1, 2, 3, 4, 5, 6, 7], [7, 6, 5, 4, 3, 2, 1]]
    (listed,) = told_apart((("area", 8),))
    assert listed[4] == 2 and listed[-1] == []


def test_a_value_that_is_not_rational_is_an_empty_step() -> None:
    _, second = worked((("long", 4), ("diagonal", 5)), "value", "area")["narrowing"]
    assert second[3] == ["", "", 5, ""]


@pytest.mark.parametrize(
    ("facts", "question", "reached"),
    [
        (
            (("area", 4),),
            ("greatest", "long"),
            [0, 2, [2, 4], [["$(1, 4)$", [["a", 1], ["b", 4]], [4]]]],
        ),
        ((("area", 4), ("square", True)), ("least", "long"), [0, 1, [2], [["$(2, 2)$", [["a", 2], ["b", 2]], [2]]]]),
        ((("square", True),), ("number",), [[]]),
        ((("long", 1),), ("branch", "square", "area", "long"), [[["$(1, 1)$", [["a", 1], ["b", 1]], [1, 1]]]]),
    ],
)
def test_what_answers_a_question_is_noted(
    facts: tuple[tuple[str, object], ...], question: tuple[str, ...], reached: list[object]
) -> None:
    kind, names, _, points, extremum = worked(facts, *question)["reached"]
    assert (kind, *names) == question
    assert [*extremum, points] == reached


def test_of_many_members_one_stands_for_each_side_of_a_branch() -> None:
    *_, points, _ = worked((), "branch", "square", "long", "long")["reached"]
    assert [(one, values[0]) for one, _, values in points] == [("$(1, 1)$", 1), ("$(1, 2)$", 0)]


def test_a_script_may_import_just_what_the_module_defines() -> None:
    tree = ast.parse(shared("from object_kinds import answer")["object_kinds"])
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    defined = {name for name in defined if not name.startswith("_")}
    assert defined == SHARED["object_kinds"]


def test_a_script_that_only_computes_may_import_it() -> None:
    script = "from object_kinds import answer\ndef solve(box, told, asked):\n    return answer([], told, asked, {})"
    assert can_only_compute(script)
    assert not can_only_compute(script.replace("import answer", "import isqrt as answer"))
    assert not can_only_compute(script.replace("import answer", "import *"))


def test_a_kind_of_ones_own_uses_the_module(tmp_path: Path) -> None:
    own = tmp_path / "own-progression"
    shutil.copytree(bundled_directory() / KIND, own)
    text = (own / "SKILL.md").read_text(encoding="utf-8")
    (own / "SKILL.md").write_text(text.replace(f"name: {KIND}", "name: own-progression"), encoding="utf-8")
    package = load([tmp_path], bundled=False)["own-progression"]
    assert package.author is not None and set(package.sources) == {"skills.own_progression", "object_kinds"}
    with Sandbox(preload=(), slots=1) as sandbox:
        report = validate(package, sandbox, draws=10)
    assert (report.faults, report.draws) == ((), 10)


def older(package: Package) -> Package:
    """The package as an earlier version wrote it: its script has everything itself."""
    lines = (package.script or "").splitlines(keepends=True)
    rest = "".join(line for line in lines if not line.startswith("from object_kinds"))
    return replace(package, script=shared(package.script)["object_kinds"] + "\n\n" + rest)


def test_a_stored_kind_with_a_script_of_its_own_works_as_before(library: Mapping[str, Package]) -> None:
    present = library[KIND]
    record = older(present).record()
    again = completed({KIND: present}, [record])[KIND]
    assert again.id == record.id != present.id and list(again.sources) == [f"skills.{present.module}"]
    assert parse(record.skill_md, record.script).id == record.id
    with Sandbox(preload=(), slots=1) as sandbox:
        models = objects.samples(again, 10, 0, sandbox)
        assert models == objects.samples(present, 10, 0, sandbox)
        for function in ("solve", "check", "steps"):
            before, now = (run(p.script or "", function, models, sandbox) for p in (again, present))
            assert [call.value for call in before] == [call.value for call in now]
            assert not any(call.error for call in now)
