"""A composition → its solution in words, step by step, every number of which is computed and checked.

The sandbox computes the values that the answer passes (`tracing`, added to a job that runs anyway); `solved` tells them
in words and reads the result again. A solution that cannot be told, or that does not stand up to the second reading, is
left out with the reason, and the problem is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agentprop.composition import lifted
from agentprop.composition.answer_text import answer_text
from agentprop.composition.draft_code import output_spec
from agentprop.composition.solution.checking import Sources, fault
from agentprop.composition.solution.filling import value_text
from agentprop.composition.solution.objects import wordings
from agentprop.composition.solution.outline import Outline, answered, modules, tracing
from agentprop.composition.solution.telling import Row, family_method, method, solution
from agentprop.composition.terms import Apply, Program, Term, skills
from agentprop.records import Solution
from agentprop.skills import Package

__all__ = ["modules", "recheck", "recheck_program", "solved", "solved_program", "traceable", "tracing"]

UNTOLD = (ValueError, LookupError, TypeError, ArithmeticError, StopIteration)
"""What telling raises for a composition that it has no words for, as a language model may write one."""


def traceable(term: Term, library: Mapping[str, Package]) -> bool:
    """True if a term has a value, so that the values on the way to it can be traced."""
    return not isinstance(term, Program) and lifted.lifted(term, library) is None


def solved(term: Term, library: Mapping[str, Package], statement: str, answer: str, found: Any) -> Solution:
    """Tell the solution of a statement from what its trace found in the sandbox."""
    match found:
        case [list(rows), str(problem)] if rows and not problem:
            pass
        case [_, str(problem)] if problem:
            return Solution(left_out=f"untraced: {problem}")
        case _:
            return Solution(left_out="untraced: the sandbox gave no values")
    try:
        trace = [Row(value, notes) for value, notes in rows]
        outline = Outline.of(term, library)
        if _answer(term, library, trace[outline.places[answered(term), ()]].value) != answer:
            return Solution(left_out="another answer: the value that it leads to is not written as the answer is")
        text = solution(term, outline, trace, answer, statement)
        wrong = fault(text, answer, Sources.of(statement, _computed(trace), _sentences(term, library)))
        if wrong is not None:
            return Solution(left_out=wrong)
        return Solution(text=text, values=tuple(_intermediate(term, outline, trace)))
    except UNTOLD as error:
        return Solution(left_out=f"no words: {' '.join(str(error).split())[:160]}")


def solved_program(term: Term, library: Mapping[str, Package], reference: str) -> Solution:
    """Tell the method of a program, whose last words are its reference."""
    try:
        if isinstance(term, Program):
            return Solution(text=method(term, library, reference))
        if isinstance(term, Apply) and library[term.skill].spec.judged is not None:
            return Solution(text=family_method(term, library, reference))
    except UNTOLD as error:
        return Solution(left_out=f"no words: {' '.join(str(error).split())[:160]}")
    return Solution(left_out="no words: the program comes from a corpus, and nothing explains it")


def recheck(
    solution: Solution, term: Term, library: Mapping[str, Package], statement: str, answer: str, found: Any
) -> str | None:
    """Say why a stored solution does not hold, by what its trace found this time; None if it does or nothing was found.

    The text is read as it stands: it need not be the one that would be written today.
    """
    match found:
        case [list(rows), ""] if rows:
            trace = [Row(value, notes) for value, notes in rows]
            return fault(solution.text, answer, Sources.of(statement, _computed(trace), _sentences(term, library)))
    return None


def recheck_program(solution: Solution, reference: str) -> str | None:
    """Say why the stored solution of a program does not hold; None if it does."""
    ending = f"```python\n{reference}\n```"
    return None if solution.text.endswith(ending) else "no answer: it does not end with the reference program"


def _answer(term: Term, library: Mapping[str, Package], value: Any) -> str:
    spec = output_spec(term, library)
    output = spec.output if spec is not None else None
    if output is None or output.kind != "quantity":
        return answer_text(value)
    return answer_text(value, unit=output.unit, figures=output.figures)


def _computed(trace: Sequence[Row]) -> Iterator[Any]:
    for row in trace:
        yield row.value
        yield [list(note) for note in row.notes]


def _sentences(term: Term, library: Mapping[str, Package]) -> Iterator[str]:
    for name in skills(term):
        spec = library[name].spec
        yield from (*spec.explain, *spec.value[:1], *spec.named[:1], *wordings(spec))


def _intermediate(term: Term, outline: Outline, trace: Sequence[Row]) -> Iterator[str]:
    """Values of the skills that lead to the last one, as a solver would write them."""
    for (node, scope), place in outline.places.items():
        if node != answered(term) and not scope:
            output = outline.library[node.skill].spec.output if isinstance(node, Apply) else None
            yield value_text(output, trace[place].value)
