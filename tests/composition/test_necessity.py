"""Every skill of an accepted problem is necessary: another value of it gives another answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from judging import Judge

from agentprop.composition.answer_text import answer_text
from agentprop.composition.draft_code import _replaced
from agentprop.composition.terms import Apply, Program, Sought, Term, Variable, children, from_json, walk
from agentprop.records import Problem

STEPS = (1, -1, 2, 3, 5, -2, 7, 11)


def suppliers(term: Term) -> Iterator[Apply]:
    """The applications below the asking one."""
    root = term
    while not isinstance(root, Apply) and len(children(root)) == 1:
        root = children(root)[0]
    yield from (node for node in walk(root) if isinstance(node, Apply) and node is not root)


def others(value: Any) -> list[Any]:
    """Values that a supplier might have had instead."""
    if isinstance(value, str):
        return [value[1:], value + "a", value[::-1], "b" + value]
    if isinstance(value, list) and value and isinstance(value[0], tuple):  # edges, whose order says nothing
        return [[(a, b, *(w + 1 for w in rest)) for a, b, *rest in value], value[::2], value[1::2]]
    if isinstance(value, list | tuple):
        return [value[1:], [*value, *value[:1]], value[::-1], [*value[1:], *value[:1]]]
    if isinstance(value, float):
        return [value * factor for factor in (1.02, 0.97, 1.1, 1.5, 0.9)]
    return [value + step for step in STEPS]


def depends(problem: Problem, term: Term, node: Apply, judge: Judge) -> bool:
    """True if some other value of a supplier changes the answer that the check route computes."""
    if any(isinstance(leaf, Variable) for leaf in walk(node)):
        return True  # inside a sweep, or fed with a program's data: see below
    supplied = judge.value(node, "solve").value
    changed = _replaced(term, node, Variable("supplied"))
    for value in others(supplied):
        result = judge.value(changed, "check", f"supplied = {value!r}")
        if isinstance(term, Sought) and result.status == "error" and "Conflict" in (result.error or ""):
            return True  # with this value no datum, or more than one, gives what the statement says
        text = answer_text(result.value, unit=problem.unit, figures=problem.figures) if result.status == "ok" else None
        if text is not None and text != problem.answer:
            return True
    return False


def test_another_value_of_a_supplier_is_another_answer(problems: list[Problem], judge: Judge) -> None:
    idle = []
    seen = 0
    for problem in problems:
        term = from_json(problem.certificate.composition or "")
        if isinstance(term, Program):
            continue
        for node in suppliers(term):
            seen += 1
            if not depends(problem, term, node, judge):
                idle.append((problem.statement, node.skill))
    assert seen > len(problems) // 3
    assert idle == []


def test_every_step_of_a_program_does_something(problems: list[Problem], judge: Judge) -> None:
    for problem in problems:
        term = from_json(problem.certificate.composition or "")
        if not isinstance(term, Program):
            continue
        # A step need not matter often, but its problem's own tests have to see it.
        data = [*judge.data(term, 60), *(test.values()[0][0] for test in problem.tests)]
        expected = judge.outputs(problem.answer, data)
        for node in walk(term.body):
            if isinstance(node, Apply):
                inner = next((v for _, v in node.arguments if isinstance(v, Apply | Variable)), None)
                assert inner is not None
                skipped = Program(term.variable, _replaced(term.body, node, inner))
                if isinstance(skipped.body, Apply):
                    assert judge.outputs(judge.solution(skipped), data) != expected, (node.skill, problem.statement)
