"""A draft that was tried in the sandbox → the submission; and the data that a draft of a program is tried on."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from agentprop.composition import draft_code, families, lifted
from agentprop.composition.answer_text import TYPES, answer_text
from agentprop.composition.program_submissions import of_family, of_program
from agentprop.composition.program_tasks import ProgramTask
from agentprop.composition.terms import Apply, Program, Term, body_data, to_json
from agentprop.composition.trial_runs import printed_lines, values_of
from agentprop.records import Submission
from agentprop.skills import Package
from agentprop.skills.values import draw

PROGRAM_INPUTS = 10
"""Data that a program is tried on, besides the one that the statement shows."""


def submission(
    term: Term,
    library: Mapping[str, Package],
    statement: str,
    printed: str,
    rng: Random,
    *,
    inputs: str | None = None,
    task: ProgramTask = "write",
    slip: str | None = None,
) -> Submission:
    """The submission of a draft, from what its run printed.

    Of a program: `inputs` are the data that it was tried on, a Python list, `task` is what is asked about it, and
    `slip` the program with a slip that is shown if one is to be repaired.
    """
    if isinstance(term, Program):
        return of_program(term, library, statement, inputs or "[]", printed_lines(printed), task, slip, rng)
    family = families.family(term, library)
    if family is not None and isinstance(term, Apply):
        return of_family(family, term, statement, task, rng)
    certificate, composition = draft_code.certificate(term, library), to_json(term)
    package = lifted.lifted(term, library)
    if package is not None:
        return Submission.model_construct(
            statement=statement,
            answer=lifted.reference(package.script or ""),
            answer_type="program",
            unit=None,
            figures=None,
            certificate=certificate,
            composition=composition,
            tests=lifted.tests(printed_lines(printed)),
        )
    value = values_of(printed)["answer"]
    spec = draft_code.output_spec(term, library)
    output = spec.output if spec is not None else None
    unit, figures = (output.unit, output.figures) if output and output.kind == "quantity" else (None, None)
    return Submission.model_construct(
        statement=statement,
        answer=answer_text(value, unit=unit, figures=figures),
        answer_type=TYPES[output.kind] if output else "integer",
        unit=unit,
        figures=figures,
        certificate=certificate,
        composition=composition,
        tests=(),
    )


def inputs_of(term: Term, library: Mapping[str, Package], rng: Random) -> str | None:
    """Data to try a program on, as a Python list; None if the term is no program."""
    package = lifted.lifted(term, library)
    if package is not None:
        return repr(lifted.inputs(package, rng))
    if not isinstance(term, Program):
        return None
    assert isinstance(term.body, Apply)  # programs are pipelines of skills
    node, name = body_data(term.body, library)
    parameter = library[node.skill].spec.parameters[name]
    drawn = [draw(parameter, rng) for _ in range(PROGRAM_INPUTS + 1)]  # one of them is shown
    return repr(drawn)  # as the stored tests will give them: an edge announced as `(a, b)` is a tuple
