"""What the statement of a program promises, and programs that are to be repaired, sped up or asked about."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from random import Random

import pytest
from judging import Judge

from agentprop.agent.candidates import builtin_made_by, tools
from agentprop.agent.environment import Environment, Rules, rollout
from agentprop.composition import program_submissions, promises, proposer
from agentprop.composition.lint import Draft, errors
from agentprop.composition.listing import listing
from agentprop.composition.planner import Planner
from agentprop.composition.program_submissions import FAMILY_TASKS, PROGRAM_TASKS, drawn_task
from agentprop.composition.program_tasks import Asked, asked, asking, slowed
from agentprop.composition.proposer import BuiltinProposer
from agentprop.composition.reader import read
from agentprop.composition.terms import Program, Variable, from_json, to_json
from agentprop.composition.writer import write
from agentprop.export.reward import grade
from agentprop.export.solver import question_answer
from agentprop.grading.judged_tests import JudgedTests, program_tests
from agentprop.records import Problem, Task
from agentprop.sandbox.executor import Executor
from agentprop.sandbox.inside.meter import Meter, OutOfTicks
from agentprop.skills import Package

RISING, REFUNDS, DIGITS = "coding-dp-rising-subsequence", "coding-judge-refunds", "coding-lists-digit-sums"
SPREADS, PARTNERS = "coding-lists-window-spreads", "coding-graphs-sum-partners"
Make = Callable[[str, str], Problem]


def program_of(skill: str, library: Mapping[str, Package]) -> Program:
    """A program of one skill, or of several (`A+B` applies A to the value of B)."""
    outer, _, inner = skill.partition("+")
    data, planner = library[outer].spec.data or "", Planner(library)
    if not inner:
        return Program(data, planner.givens(outer, Random(outer)).with_argument(data, Variable(data)))
    body = program_of(inner, library)
    return Program(body.variable, planner.givens(outer, Random(outer)).with_argument(data, body.body))


@pytest.fixture(scope="module")
def make(library: Mapping[str, Package], executor: Executor) -> Make:
    """A problem of a skill that asks something of a program, as it is proposed and accepted."""
    planner, known = Planner(library), dict[tuple[str, str], Problem]()

    def one(skill: str, wanted: str) -> Problem:
        names = tuple(skill.split("+"))
        spec = library[names[0]].spec
        term = planner.givens(skill, Random(skill)) if spec.judged else program_of(skill, library)
        task = Task(
            seed=1,
            index=1,
            domain="coding",
            category=spec.category,
            skill_ids=tuple(library[name].id for name in names),
            skill_names=names,
        )
        environment = Environment(task, library, executor, tools(), Rules(), builtin_made_by())
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(proposer, "drawn_task", lambda *_: wanted)
            patched.setattr(program_submissions, "COMPOSED_OPTIMISE", 1.0)
            episode = asyncio.run(rollout(environment, BuiltinProposer(planner, term, Random(f"{skill} {wanted}"))))
        assert episode.problem is not None
        return episode.problem

    def remembered(skill: str, wanted: str) -> Problem:
        if (skill, wanted) not in known:
            known[skill, wanted] = one(skill, wanted)
        return known[skill, wanted]

    return remembered


def test_data_at_the_edge_and_large_ones_keep_the_limits_and_solve_agrees_with_check(
    library: Mapping[str, Package],
) -> None:
    for skill in (n for n, p in library.items() if p.spec.domain == "coding" and p.spec.judged is None):
        term = program_of(skill, library)
        data = promises.edges(term, library) + promises.large(term, library, Random(1))
        least = promises.smallest(term, library, data)
        assert len(data) >= 5 and all(promises.fits(value, least, term, library) for value in data)
        assert all(promises.is_large(value, term, library) for value in data[-2:])
        outputs = [_values(listing(term.body, library, entry=("solve", term.variable)), data, 10_000_000)]
        outputs += [_values(listing(term.body, library, entry=("solve", term.variable), route="check"), data, 100_000)]
        assert None not in outputs[0]
        assert all(other in (one, None) for one, other in zip(*outputs, strict=True)), skill


def _values(program: str, data: list[object], ticks: int) -> list[object]:
    """Values of a trusted program; None if it runs out of ticks."""
    found: list[object] = []
    for value in data:
        meter = Meter(ticks)
        code, space = meter.compile(program, "<program>"), meter.namespace()
        try:
            exec(code, space)
            found.append(space["solve"](value))
        except OutOfTicks:
            found.append(None)
    return found


def test_a_statement_with_promises_is_read_back(library: Mapping[str, Package]) -> None:
    term = program_of(RISING, library)
    told = promises.Promises(promises.limits(term, library, 0), ((([],), 0),), ((([3, 1, 9],), 2),))
    statement = promises.written(write(term, library, Random(1)), told)
    assert [to_json(found) for found in read(statement, library)] == [to_json(term)]
    assert promises.promised(statement) == told
    assert promises.least(told.limits, term, library) == 0
    assert promises.promised(write(term, library, Random(1))) is None
    for old, new in (("returns `2`", "gives `2`"), ("Edge rule: for", "Edge rule: with"), ("`.", "`")):
        with pytest.raises(ValueError):
            promises.promised(statement.replace(old, new))


def test_what_is_asked_of_a_program_is_read_back() -> None:
    for one in (
        Asked("repair", "a\n\nb"),
        Asked("optimise", "a"),
        Asked("edge", "a", "solve(1)"),
        Asked("edge", "a", "1 2\n3"),
    ):
        assert asked(asking("Count.", one)) == ("Count.", one)
    assert asked(asking("Count.", Asked("repair", "a")) + "\n")[1] == Asked("write")


def test_a_composed_program_has_limits_an_edge_rule_an_example_and_large_tests(make: Make, judge: Judge) -> None:
    problem = make(RISING, "write")
    judging = problem.judging
    assert judging is not None and judging.edge_rule == "for the empty input, `solve([])` returns `0`."
    assert {"edge", "small", "large"} == set(judging.tags) and len(judging.tags) == len(problem.tests)
    assert not {test.arguments for test in judging.examples} & {test.arguments for test in problem.tests}
    assert max(len(test.values()[0][0]) for test in problem.tests) == promises.MOST["list"]
    assert judge.one(problem).value == "valid"
    assert errors(Draft(problem.statement, answer_type="program", tests=problem.tests)) == []


def test_a_changed_promise_is_not_valid(make: Make, judge: Judge) -> None:
    problem = make(RISING, "write")
    statement = problem.statement
    changes = {
        " 0 to 100 ": " 0 to 900 ",
        "`solve([])` returns `0`": "`solve([])` returns `1`",
        "Example: `solve([": "Example: `solve([1, ",
    }
    assert all(old in statement for old in changes)
    altered = [problem.model_copy(update={"statement": statement.replace(*pair)}) for pair in changes.items()]
    silent = [one.model_copy(update={"judging": None}) for one in altered[:2]]
    bare = problem.model_copy(update={"statement": statement.partition("\n\nLimits: ")[0]})
    assert all(judgement.value != "valid" for judgement in judge([*altered, *silent, bare]))


def test_an_exponential_solution_is_too_slow_and_a_quadratic_one_is_not(
    make: Make, executor: Executor, library: Mapping[str, Package]
) -> None:
    problem = make(RISING, "write")
    step = dict(program_of(RISING, library).body.arguments)["d"]  # type: ignore[union-attr]
    exponential = f"""
def solve(xs):
    def largest(i, last):
        if i == len(xs):
            return 0
        best = largest(i + 1, last)
        if last is None or xs[i] >= last + {step.text}:  # the same as the task says
            best = max(best, xs[i] + largest(i + 1, xs[i]))
        return best
    return largest(0, None)
"""  # type: ignore[union-attr]
    quadratic = f"""
def solve(xs):
    best = []
    for i, x in enumerate(xs):
        best.append(x + max((best[j] for j in range(i) if best[j] > 0 and x >= xs[j] + {step.text}), default=0))
    return max([0, *best])
"""  # type: ignore[union-attr]
    tests = program_tests(problem, executor.sandbox, 30.0)
    assert tests.passes(quadratic).status == "same"
    assert tests.passes(exponential).rule == "too_slow"
    assert grade(f"```python\n{quadratic}\n```", question_answer(problem).answer) == 1.0


@pytest.mark.parametrize(
    ("skill", "wanted"),
    [
        (REFUNDS, "repair"),
        (REFUNDS, "optimise"),
        (REFUNDS, "edge"),
        (PARTNERS, "repair"),
        (f"{SPREADS}+{PARTNERS}", "optimise"),
    ],
)
def test_a_program_is_shown_and_the_verifier_accepts_it(
    skill: str, wanted: str, make: Make, judge: Judge, executor: Executor
) -> None:
    problem = make(skill, wanted)
    _, shown = asked(problem.statement)
    assert shown.task == wanted
    assert judge.one(problem).value == "valid"
    assert errors(Draft(problem.statement, answer_type=problem.answer_type, tests=problem.tests)) == []
    if wanted == "edge":
        other = problem.model_copy(update={"answer": "12345"})
        assert judge.one(other).value == "invalid"
        return
    assert problem.solution is not None and problem.answer in problem.solution.text
    found = program_tests(problem, executor.sandbox, 30.0).passes(shown.program)
    assert found.status == "different"
    right = problem.model_copy(update={"statement": problem.statement.replace(shown.program, problem.answer)})
    assert judge.one(right).value != "valid"


def test_a_program_whose_every_slip_shows_at_a_glance_is_not_shown_to_be_repaired(make: Make) -> None:
    assert asked(make(DIGITS, "repair").statement)[1] == Asked("write")


def test_a_composed_program_to_be_sped_up_is_right_on_all_but_the_largest_data(
    make: Make, library: Mapping[str, Package], executor: Executor
) -> None:
    problem = make(f"{SPREADS}+{PARTNERS}", "optimise")
    _, shown = asked(problem.statement)
    term = from_json(problem.certificate.composition or "") if problem.certificate is not None else None
    assert isinstance(term, Program) and problem.judging is not None
    assert f"0 to {promises.MOST_WIDE['list']} integers" in problem.statement
    each = JudgedTests(problem, executor.sandbox, 30.0).each(shown.program)
    tags = problem.judging.tags
    assert {one.status for one, tag in zip(each, tags, strict=True) if tag != "large"} == {"same"}
    assert "too_slow" in {one.rule for one, tag in zip(each, tags, strict=True) if tag == "large"}
    others = slowed(term, library)[shown.program]
    passed = [program_tests(problem, executor.sandbox, 30.0).passes(one).status for one in (problem.answer, *others)]
    assert passed[0] == "same" and "same" in passed[1:]


def test_every_task_has_a_share(library: Mapping[str, Package]) -> None:
    rng, planner = Random(0), Planner(library)
    composed, family = program_of("coding-lists-digit-sums", library), planner.givens("coding-judge-presses", rng)
    for term, shares in ((composed, PROGRAM_TASKS), (family, FAMILY_TASKS)):
        drawn = Counter(drawn_task(term, library, rng) for _ in range(1000))
        assert all(abs(drawn[task] / 1000 - share) < 0.05 for task, share in shares.items())
