"""The built-in verifier can refuse: whatever is changed about a valid problem, it is no longer valid."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest
from judging import Judge, changed, is_composed, unclaimed

from agentprop.composition.terms import Apply, Given, Program, from_json, to_json, walk
from agentprop.grading.composed_programs import MIN_TESTS
from agentprop.records import Certificate, Problem, TestCase
from agentprop.skills import Package, parse

TABLE = tomllib.loads((Path(__file__).parent / "mutations.toml").read_text(encoding="utf-8"))


# --- a statement with one thing changed ---


def another_number(text: str, rng: Random) -> str:
    """One number is another number."""
    spots = list(re.finditer(r"\d+", text))
    if not spots:
        return text
    spot = rng.choice(spots)
    number = max(0, int(spot[0]) + rng.choice((1, -1, 2, 10)))
    return text[: spot.start()] + str(number if number != int(spot[0]) else number + 1) + text[spot.end() :]


def another_word(text: str, rng: Random) -> str:
    """One quantifier, adjective or noun is its opposite."""
    return _exchanged(text, TABLE["words"], r"(?<![A-Za-z\\-]){}(?![A-Za-z-])", rng)


def another_unit(text: str, rng: Random) -> str:
    """One unit is another unit."""
    return _exchanged(text, TABLE["units"], r"(?<=\d |n ){}(?![\w/²])", rng)


def _exchanged(text: str, table: Mapping[str, str], pattern: str, rng: Random) -> str:
    spots = [(m.span(), new) for old, new in table.items() for m in re.finditer(pattern.format(re.escape(old)), text)]
    if not spots:
        return text
    (start, end), new = rng.choice(spots)
    return text[:start] + new + text[end:]


def a_word_less(text: str, rng: Random) -> str:
    """One word is missing."""
    words = text.split(" ")
    places = [place for place, word in enumerate(words) if (word, *words[place + 1 : place + 2]) != ("three", "zeros")]
    del words[rng.choice(places)]  # "the three zeros" of a cubic are "the zeros" just as well
    return " ".join(words)


def two_words_swapped(text: str, rng: Random) -> str:
    """Two neighbours have changed places."""
    words = text.split(" ")
    place = rng.randrange(len(words) - 1)
    words[place], words[place + 1] = words[place + 1], words[place]
    return " ".join(words)


def another_letter(text: str, rng: Random) -> str:
    """One character is another one."""
    place = rng.randrange(len(text))
    new = rng.choice([c for c in "abcdefnkpxyzABCX0123456789.,$- " if c != text[place]])
    return text[:place] + new + text[place + 1 :]


CHANGES = (another_number, another_word, another_unit, a_word_less, two_words_swapped, another_letter)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_no_changed_statement_stays_valid_over_the_old_composition(
    change: type, problems: list[Problem], judge: Judge
) -> None:
    rng = Random(f"1/{change.__name__}")
    altered = [(p, text) for p in problems if (text := change(p.statement, rng)) != p.statement]
    assert len(altered) > len(problems) // 5
    survivors = judge.survivors([changed(p, statement=text) for p, text in altered])
    assert [p.statement for p in survivors] == []


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_without_a_composition_only_statements_with_the_very_same_answer_are_valid(
    change: type, problems: list[Problem], judge: Judge
) -> None:
    rng = Random(f"2/{change.__name__}")
    altered = [(p, text) for p in problems if (text := change(p.statement, rng)) != p.statement]
    for problem in judge.survivors([unclaimed(p, statement=text) for p, text in altered]):
        [term] = judge.read(problem)
        if isinstance(term, Program):
            data = judge.data(term, 200)
            assert judge.outputs(problem.answer, data) == judge.outputs(judge.solution(term), data), problem.statement
        elif "\n\nInput: " not in problem.statement:  # no skill has an answer to the question of a family
            assert judge.answer(problem, term) == problem.answer, problem.statement


def test_a_question_of_another_problem_is_a_mismatch(problems: list[Problem], judge: Judge) -> None:
    swapped = [changed(p, statement=q.statement) for p, q in _pairs(problems) if p.statement != q.statement]
    assert judge.survivors(swapped) == []


def test_prose_that_says_nothing_is_undetermined_over_a_good_certificate(problems: list[Problem], judge: Judge) -> None:
    rng = Random(3)
    nonsense = [
        lambda text: " ".join(rng.sample(text.split(" "), len(text.split(" ")))),
        lambda text: "The answer of this problem follows from its certificate. Find it.",
        lambda text: text.upper(),
        lambda text: text[: len(text) // 2],
        lambda text: text + " Ignore the above.",
        lambda text: re.sub(r"[A-Za-z]{3,}", "blah", text),
    ]
    texts = [(p, make(p.statement)) for p in problems for make in nonsense]
    altered = [changed(p, statement=text) for p, text in texts if text != p.statement]
    judgements = judge(altered)
    assert {j.value for j in judgements if j.code == "not_in_grammar"} == {"undetermined"}
    # Half a statement, or its words in another order, may happen to be another question.
    assert {j.value for j in judgements if j.code != "not_in_grammar"} <= {"invalid"}
    assert sum(j.code == "not_in_grammar" for j in judgements) > 0.9 * len(judgements)


PARAPHRASES = (
    lambda text: f"A friend of mine wonders about this. {text}",
    lambda text: f"{text} (Asked by Ada.)",
    lambda text: text.replace(" the ", " this ", 1),
    lambda text: text.replace("is", "equals", 1),
    lambda text: f"  {text}\n",
)


def test_a_statement_in_other_words_is_undetermined_with_and_without_a_certificate(
    problems: list[Problem], judge: Judge
) -> None:
    texts = [(p, make(p.statement)) for p in problems[:60] for make in PARAPHRASES]
    altered = [(p, text) for p, text in texts if text != p.statement]
    for make in (changed, unclaimed):
        judgements = judge([make(p, statement=text) for p, text in altered])
        assert {(j.value, j.code) for j in judgements} == {("undetermined", "not_in_grammar")}


def test_a_framing_sentence_leaves_a_problem_valid(problems: list[Problem], judge: Judge) -> None:
    framed = [changed(p, statement=f"Solve the following problem. {p.statement} Show your work.") for p in problems]
    assert len(judge.survivors(framed)) == len(framed)
    integers = [p for p in problems if p.answer_type == "integer"]
    assert judge.survivors([changed(p, statement=f"{p.statement} Give your answer as an integer.") for p in integers])


def test_a_statement_is_read_whatever_skills_its_problem_names(problems: list[Problem], judge: Judge) -> None:
    names = {"skills": (), "skill_ids": ()}
    assert len(judge.survivors([unclaimed(p, **names) for p in problems])) == len(problems)
    integers = [p for p in problems if p.answer_type == "integer"]
    wrong = [unclaimed(p, answer=f"{p.answer}1", **names) for p in integers]
    assert {(j.value, j.code) for j in judge(wrong)} == {("invalid", "answer_differs")}


@pytest.mark.parametrize(("script", "value", "code"), [(0, "valid", "agrees"), (1, "invalid", "ambiguous")])
def test_two_readings_are_ambiguous_if_their_answers_differ(
    script: int, value: str, code: str, problems: list[Problem], judge: Judge
) -> None:
    problem = next(p for p in problems if p.domain == "mathematics" and p.answer_type == "integer")
    package = judge.library[problem.skills[0]]
    name = f"another-{package.name}"[:64].strip("-")
    other = "\n\n_check = check\n\ndef check(**given):\n    return _check(**given) + 1\n" if script else ""
    twin = parse(package.skill_md.replace(f"name: {package.name}", f"name: {name}", 1), (package.script or "") + other)
    judged = replace(judge, library={**judge.library, name: twin}).one(problem)
    assert (judged.value, judged.code) == (value, code)


# --- answers ---


def wrong_answers(p: Problem, neighbour: Problem) -> Iterator[str]:
    """Texts that are not the answer of a problem."""
    yield from ("", "  ", "It can be found by careful counting.", f"The answer is {p.answer}.")
    if p.answer_type != "program":  # there it would be code
        yield f"{p.answer} or so"
    yield f"\\boxed{{{p.answer}}}"
    if neighbour.answer != p.answer:
        yield neighbour.answer
    if p.answer_type in ("integer", "rational"):
        value = Fraction(p.answer)
        yield from (str(-value), str(value + 1), str(value - 1), f"{p.answer}0", f"{p.answer} kg", f"{p.answer}%")
        yield f"±{p.answer.lstrip('-')}"
    elif p.answer_type == "quantity":
        number, _, unit = p.answer.partition(" ")
        yield from (f"-{p.answer}", f"{p.answer}{'' if unit else ' '}km", f"{float(number) * 1.006:.5g} {unit}".strip())
        yield f"{float(number) * 1.0004:.8g} {unit}".strip()  # rounds to the answer, but is not rounded
        if unit:
            yield from (number, f"{number} k{unit}", f"{number} {'s' if unit != 's' else 'kg'}")
    elif p.answer_type in ("list", "string"):
        yield from (p.answer[:-1], p.answer + p.answer, p.answer.replace("[", "{").replace("]", "}") + "}")
        if p.answer.upper() != p.answer:
            yield p.answer.upper()


def test_no_changed_answer_stays_valid(problems: list[Problem], judge: Judge) -> None:
    altered = [changed(p, answer=text) for p, other in _pairs(problems) for text in wrong_answers(p, other)]
    assert [(p.answer_type, p.answer) for p in judge.survivors(altered)] == []


def test_the_same_number_written_otherwise_is_the_same_answer(problems: list[Problem], judge: Judge) -> None:
    integers = [p for p in problems if p.answer_type == "integer"]
    assert len(judge.survivors([changed(p, answer=f"{p.answer}.0") for p in integers])) == len(integers)


@pytest.mark.parametrize(
    "fields",
    [{"answer_type": "expression"}, {"figures": 4}, {"unit": "kN"}, {"answer_type": "quantity", "figures": 2}],
    ids=str,
)
def test_a_claim_about_the_answer_that_the_statement_does_not_make_is_invalid(
    fields: dict[str, object], problems: list[Problem], judge: Judge
) -> None:
    others = [p for p in problems if p.answer_type != "program"]
    assert {j.code for j in judge([changed(p, **fields) for p in others])} == {"answer_type"}


# --- certificates ---


def test_a_certificate_of_another_problem_is_a_mismatch(problems: list[Problem], judge: Judge) -> None:
    swapped = [changed(p, certificate=q.certificate) for p, q in _pairs(problems)]
    assert judge.survivors([p for p in swapped if p.certificate.composition is not None]) == []


def test_a_composition_with_one_given_changed_is_a_mismatch(problems: list[Problem], judge: Judge) -> None:
    altered = []
    for problem in problems:
        term = from_json(problem.certificate.composition or "")
        for node in walk(term):
            if isinstance(node, Apply):
                for name, value in node.arguments:
                    if isinstance(value, Given):
                        other = to_json(node.with_argument(name, Given(f"{value.text}1")))
                        text = (problem.certificate.composition or "").replace(to_json(node), other)
                        altered.append(changed(problem, certificate=_composed(problem, text)))
    assert len(altered) > len(problems)
    assert {j.code for j in judge(altered)} == {"mismatch"}


@pytest.mark.parametrize("text", ["", "[]", "{}", '"7"', '{"apply":3}', "[" * 4000, '{"node":"total"}', "nonsense"])
def test_a_composition_that_is_none_is_a_mismatch(text: str, problems: list[Problem], judge: Judge) -> None:
    assert judge.one(changed(problems[0], certificate=_composed(problems[0], text))).code == "mismatch"


def test_skills_that_the_statement_does_not_use_are_a_mismatch(
    problems: list[Problem], judge: Judge, library: Mapping[str, Package]
) -> None:
    extra = [changed(p, skills=(*p.skills, next(n for n in library if n not in p.skills))) for p in problems[:20]]
    assert {j.code for j in judge(extra)} == {"mismatch"}
    assert judge.one(unclaimed(problems[0], skills=("no-such-skill",))).value == "undetermined"


def test_prose_of_somebody_else_without_a_composition_is_undetermined(problems: list[Problem], judge: Judge) -> None:
    text = "A farmer has 17 sheep and buys 5 more. How many sheep does he have?"
    assert judge.one(unclaimed(problems[0], statement=text, answer="22")).value == "undetermined"


def test_the_stored_certificates_compute_the_answers(problems: list[Problem], judge: Judge) -> None:
    for problem in problems:
        if problem.answer_type != "program" and "\n\nInput: " not in problem.statement:
            assert judge.answer(problem, from_json(problem.certificate.composition or "")) == problem.answer


# --- programs ---


def mutants(program: str) -> Iterator[str]:
    """The program with one operator, comparison or constant changed."""
    compare = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}
    binary = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Mod: ast.FloorDiv, ast.FloorDiv: ast.Mod}
    for place in range(len(list(ast.walk(ast.parse(program))))):
        tree = ast.parse(program)
        match list(ast.walk(tree))[place]:
            case ast.Constant(value=int()) as node if not isinstance(node.value, bool):
                node.value += 1
            case ast.Compare(ops=[first, *_]) as node if type(first) in compare:
                node.ops[0] = compare[type(first)]()
            case ast.BinOp(op=op) as node if type(op) in binary:
                node.op = binary[type(op)]()
            case _:
                continue
        yield ast.unparse(ast.fix_missing_locations(tree))


def test_tampered_reference_programs_are_not_valid_unless_they_do_the_same(
    problems: list[Problem], judge: Judge
) -> None:
    rng = Random(4)
    altered = []
    for problem in [p for p in problems if is_composed(p)]:
        found = list(mutants(problem.answer))
        altered += [(problem, text) for text in rng.sample(found, min(4, len(found)))]
    assert altered
    for tampered in judge.survivors([changed(p, answer=text) for p, text in altered]):
        [term] = judge.read(tampered)
        assert isinstance(term, Program)
        data = judge.data(term, 300)
        pairs = zip(judge.outputs(tampered.answer, data), judge.outputs(judge.solution(term), data), strict=True)
        assert sum(one != other for one, other in pairs) <= len(data) // 50, tampered.answer


@pytest.mark.parametrize(
    ("program", "value"),
    [
        ("def solve(x):\n    return x", "invalid"),
        ("def solve(x):\n    return 0", "invalid"),
        ("def other(x):\n    return x", "invalid"),
        ("this is prose", "invalid"),
        ("import sys\nsys.exit(0)", "invalid"),
        ("def solve(x):\n    while True:\n        pass", "invalid"),  # ticks decide, not seconds
        ("outputs = []\nsolve = outputs.append", "invalid"),
    ],
)
def test_programs_that_do_something_else_are_not_valid(
    program: str, value: str, problems: list[Problem], judge: Judge
) -> None:
    problem = next(p for p in problems if p.answer_type == "program")
    assert judge.one(changed(problem, answer=program)).value == value


def test_a_program_that_only_knows_the_stored_tests_is_invalid(problems: list[Problem], judge: Judge) -> None:
    for problem in [p for p in problems if is_composed(p)][:12]:
        known = {repr(argument): expected for [argument], expected in (test.values() for test in problem.tests)}
        program = f"KNOWN = {known!r}\n\ndef solve(data):\n    return KNOWN.get(repr(data))"
        assert judge.one(changed(problem, answer=program)).value == "invalid"


def tampered_tests(problem: Problem) -> Iterator[tuple[TestCase, ...]]:
    """Hidden tests with something wrong about them."""
    tests = problem.tests
    first, *rest = tests
    yield ()
    yield tests[: MIN_TESTS - 1]
    yield (first,) * len(tests)
    for expected in ("null", '"nonsense"', "[[]]", "1e999", "not json"):
        yield (TestCase(arguments=first.arguments, expected=expected), *rest)
    for arguments in ("[]", "{}", "[1, 2, 3]", "not json", "[null]", f"[{first.arguments}, 1]"):
        yield (TestCase(arguments=arguments, expected=first.expected), *rest)
    several = problem.judging is not None and problem.judging.checker  # another output may be as right
    other = next((t for t in rest if t.expected != first.expected), None)
    if other is not None and not several:
        yield (TestCase(arguments=first.arguments, expected=other.expected), *rest)


def test_tampered_hidden_tests_are_invalid(problems: list[Problem], judge: Judge) -> None:
    programs = [p for p in problems if p.answer_type == "program"]
    altered = [changed(p, tests=tests) for p in programs for tests in tampered_tests(p)]
    assert judge.survivors(altered) == []
    others = [(p, name) for p in programs for name in (None, "f1", "print") if name != p.entry_point]
    assert judge.survivors([changed(p, entry_point=name) for p, name in others]) == []


def test_code_of_somebody_else_cannot_reach_the_checks_of_other_problems(problems: list[Problem], judge: Judge) -> None:
    poison = "import fractions, math\nmath.gcd = lambda *a: 1\n"
    poison += "fractions.Fraction = None\nimport builtins\nbuiltins.sum = lambda *a: 0\nbuiltins.print = None\n"
    program = next(p for p in problems if p.answer_type == "program")
    others = [p for p in problems if p.id != program.id][:60]
    verdicts = judge([changed(program, answer=poison + program.answer), *others])
    assert {v.value for v in verdicts[1:]} == {"valid"}


# --- helpers ---


def _pairs(problems: list[Problem]) -> Iterator[tuple[Problem, Problem]]:
    """Each problem with another one of a different kind, if there is one near."""
    return zip(problems, [*problems[7:], *problems[:7]], strict=True)


def _composed(problem: Problem, composition: str) -> Certificate:
    return problem.certificate.model_copy(update={"composition": composition})
