"""Mined graphs become packages whose scripts compute, in the sandbox, what the equations say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import pytest

from agentprop import skills
from agentprop.extraction.mining import quality, trial
from agentprop.extraction.mining.candidate import Template, mine
from agentprop.extraction.mining.graph import ArithmeticStep, FixedNumber, Node, QuestionNumber
from agentprop.extraction.mining.merge import FamilyMember, SkillFamily, families
from agentprop.extraction.mining.package import package
from agentprop.extraction.mining.script import source
from agentprop.extraction.mining.subject import past, subject, third_person
from agentprop.sandbox import Sandbox

BEADS = (
    "Maya has 150 beads. She makes 6 necklaces with 18 beads each. How many beads does Maya have left?",
    "6*18=<<6*18=108>>108, 150-108=<<150-108=42>>42",
    "42",
)
CARDS = (
    "Ben has 140 cards. He fills 7 pages with 16 cards each. How many cards does Ben have left?",
    "7*16=<<7*16=112>>112, 140-112=<<140-112=28>>28",
    "28",
)
WALK = (
    "A trail is 130 kilometers long. Ida walks 17 kilometers a day for 5 days. How many kilometers are left?",
    "5*17=<<5*17=85>>85, 130-85=<<130-85=45>>45",
    "45",
)
RIDE = (
    "A trail is 150 kilometers long. Jan rides 19 kilometers a day for 6 days. How many kilometers are left?",
    "6*19=<<6*19=114>>114, 150-114=<<150-114=36>>36",
    "36",
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(preload=("fractions",)) as running:
        yield running


def members(*documents: tuple[str, str, str]) -> list[FamilyMember]:
    return [FamilyMember(f"toy#{i}", "", len(d[0]), mine(*d)) for i, d in enumerate(documents)]


def family(*documents: tuple[str, str, str]) -> SkillFamily:
    (found,) = families(members(*documents))
    return found


def test_a_package_is_valid_and_names_its_documents_numbers() -> None:
    name, skill_md, script = package(family(BEADS))
    spec = skills.parse(skill_md, script, "mined").spec
    assert spec.name == name and re.fullmatch(r"arithmetic-[a-z-]+-[0-9a-f]{8}", name)
    assert spec.evidence == "self-consistent" and not spec.value
    assert len(spec.parameters) == 3 and "42" in skill_md
    assert spec.output is not None
    assert (spec.output.kind, spec.output.role, spec.output.subject) == ("integer", "pile", "beads that Maya has left")


def test_stories_over_one_graph_are_one_skill_with_several_phrasings() -> None:
    joined = family(WALK, RIDE)
    assert len(joined.members) == len(joined.phrasings) == 2
    for member in members(WALK, RIDE):
        assert all(
            set(common) <= set(own) for common, own in zip(joined.domains, member.candidate.domains, strict=True)
        )
        assert set(member.candidate.rules) <= set(joined.rules)
    spec = skills.parse(*package(joined)[1:], "mined").spec
    assert len(spec.phrasings) == 2


def test_stories_with_ranges_that_do_not_overlap_stay_apart() -> None:
    near, far = members(WALK, RIDE)
    moved = tuple(tuple(number + 1000 for number in values) for values in far.candidate.domains)
    assert len(families([near, replace(far, candidate=replace(far.candidate, domains=moved))])) == 2


def test_the_script_agrees_with_the_graph_in_the_sandbox(sandbox: Sandbox) -> None:
    for documents in ([BEADS], [CARDS], [WALK, RIDE]):
        found = family(*documents)
        script = package(found)[2]
        assert trial.passes(found, sandbox.run_job(trial.job(found, script))) is None


def test_a_script_that_computes_something_else_is_caught(sandbox: Sandbox) -> None:
    found = family(BEADS)
    script = (
        package(found)[2]
        .replace("    step2 = a - step1", "    step2 = a + step1")
        .replace("    step2 = c - step1", "    step2 = c + step1")
        .replace("    step2 = b - step1", "    step2 = b + step1")
    )
    assert script != package(found)[2]
    fault = trial.passes(found, sandbox.run_job(trial.job(found, script)))
    assert fault is not None and "where the equations give" in fault


def test_a_document_whose_answer_differs_is_caught(sandbox: Sandbox) -> None:
    found = family(BEADS)
    wrong = replace(found.members[0].candidate, answer=Fraction(43))
    lying = replace(found, members=(replace(found.members[0], candidate=wrong),))
    result = sandbox.run_job(trial.job(lying, package(found)[2]))
    assert trial.passes(lying, result) == "the original numbers do not give the original answers"


A, B, C = QuestionNumber(0), QuestionNumber(1), QuestionNumber(2)
TWO = FixedNumber(Fraction(2))


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        (ArithmeticStep("-", A, ArithmeticStep("*", B, C)), "-8"),
        (ArithmeticStep("/", A, ArithmeticStep("+", B, C)), "7/8"),
        (ArithmeticStep("/", ArithmeticStep("*", A, A), ArithmeticStep("-", C, B)), "49/2"),
        (ArithmeticStep("-", TWO, ArithmeticStep("/", C, ArithmeticStep("+", A, ArithmeticStep("*", A, B)))), "51/28"),
        (ArithmeticStep("*", ArithmeticStep("-", A, B), ArithmeticStep("-", A, ArithmeticStep("/", TWO, C))), "132/5"),
    ],
)
def test_solve_and_check_take_two_ways_to_one_value(sandbox: Sandbox, root: Node, expected: str) -> None:
    """Sums, quotients, givens used twice, and unknowns below a fraction line."""
    script = source(root, {A: "a", B: "b", C: "c"}, "A toy.", whole=False)
    code = "import skill\nvalues = [str(skill.solve(7, 3, 5)), str(skill.check(7, 3, 5))]"
    result = sandbox.run(code, modules={"skill": script}, returns="values")
    assert result.value == [expected, expected]


def test_a_result_that_the_givens_do_not_determine_is_an_error(sandbox: Sandbox) -> None:
    script = source(
        ArithmeticStep("-", C, ArithmeticStep("/", TWO, ArithmeticStep("+", A, B))),
        {A: "a", B: "b", C: "c"},
        "A toy.",
        whole=False,
    )
    result = sandbox.run("import skill\nskill.check(-3, 3, 5)", modules={"skill": script})
    assert result.status == "error" and "do not determine" in str(result.error)


@pytest.mark.parametrize(
    ("ask", "phrase"),
    [
        ("How many clips did Natalia sell in May?", "clips that Natalia sold in May"),
        ("How many total toys do the boys have?", "toys that the boys have"),
        ("How many cookies does Meena have left?", "cookies that Meena has left"),
        ("How many apples are there in total?", "apples"),
        ("How many pies are left?", "pies that are left"),
        ("How many coats can he make?", "coats that he can make"),
        ("How many hours does Ina work?", None),
        ("How many more apples does Ina have?", None),
        ("How many students are in the class?", None),
        ("How many apples are in each basket?", None),
        ("How many apples does Ina need to buy?", None),
        ("How much money does Ina have?", None),
    ],
)
def test_a_question_is_turned_into_what_it_counts(ask: str, phrase: str | None) -> None:
    assert subject(ask) == phrase


def test_verbs_are_inflected() -> None:
    assert [past(verb) for verb in ("sell", "bake", "carry", "play")] == ["sold", "baked", "carried", "played"]
    assert [third_person(verb) for verb in ("have", "catch", "carry", "use")] == ["has", "catches", "carries", "uses"]


def test_quality_is_nothing_without_reproduction_and_grows_with_support() -> None:
    one, two = family(WALK), family(WALK, RIDE)
    assert quality.score(quality.parts(one, reproduced=False)) == 0
    assert quality.score(quality.parts(one, True)) < quality.score(quality.parts(two, True)) <= 1
    assert abs(sum(quality.WEIGHTS.values()) - 1) < 1e-9


def test_a_condition_of_the_question_can_be_told_as_a_fact() -> None:
    candidate: Template = mine(
        "There are more pens than pencils in a drawer: 23 more. If there are 48 pencils, how many pens are there?",
        "48+23=<<48+23=71>>71",
        "71",
    )
    scene, ask = candidate.phrasing.apart or ("", "")
    assert scene.endswith("There are <b> pencils.") or scene.endswith("There are <a> pencils.")
    assert ask == "How many pens are there?"
