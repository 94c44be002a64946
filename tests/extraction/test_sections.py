"""Reading a teacher's and a rater's replies: what is there is found, what is wrong is said, nothing raises."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
import toy_teacher
from hypothesis import given, settings
from hypothesis import strategies as st

from agentprop.extraction.teaching.package import executable_fault, package
from agentprop.extraction.teaching.proposals import LINES, PARAGRAPHS, from_json, read_proposals
from agentprop.extraction.teaching.ratings import BEST, WEIGHTS, Rating, read_ratings
from agentprop.extraction.teaching.sections import blocks, unfenced

TAGS = [
    "skill",
    "executable",
    "phrasing",
    "ask",
    "script",
    "parameters",
    "output",
    "value",
    "none",
    *LINES,
    *PARAGRAPHS,
]
PIECES = st.sampled_from(
    [f"<{tag}>" for tag in TAGS]
    + [f"</{tag}>" for tag in TAGS]
    + ["mathematics", "1, 2", "\n", "```", r"\frac{a}{b}", "{kind: integer}", "&a [*a]", "\x00", "\ud800"]
    + ["a: !!python/x 1"]
)
SOUP = st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=60).map("".join)


@settings(max_examples=300, deadline=None)
@given(SOUP, st.integers(1, 5))
def test_reading_proposals_never_raises_and_says_why_there_are_none(text: str, shown: int) -> None:
    found = read_proposals(text, shown)
    assert found.good or found.faults or found.none
    assert all(1 <= number <= shown for one in found.good for number in one.passages)


@settings(max_examples=200, deadline=None)
@given(SOUP, st.integers(1, 5))
def test_reading_ratings_never_raises_and_misses_no_candidate(text: str, wanted: int) -> None:
    found = read_ratings(text.replace("skill", "rating"), wanted)
    assert found.faults or set(found.good) == set(range(1, wanted + 1))


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(["parameters", "output", "constraints", "value", "script"]), SOUP, min_size=3))
def test_an_executable_part_of_any_text_is_read_as_a_package_or_has_a_fault(parts: dict[str, str]) -> None:
    extra = "".join(f"<{tag}>{text}</{tag}>" for tag, text in parts.items())
    for one in read_proposals(toy_teacher.skill("soup", extra=f"<executable>{extra}</executable>"), 1).good:
        fault = executable_fault(one)
        assert fault is None or fault.strip()
        assert package(one, scripted=False).spec.evidence == "none"


WORD = st.text(min_size=1, max_size=40).filter(lambda text: bool(text.split()) and "<" not in text)


@settings(max_examples=200, deadline=None)
@given(st.fixed_dictionaries({tag: WORD for tag in ("intent", "method", "effect", "description", "workflow")}), WORD)
def test_whatever_a_teacher_writes_in_the_sections_makes_a_package(told: dict[str, str], name: str) -> None:
    (one,) = read_proposals(toy_teacher.skill(name, **told), 1).good or (None,)
    if one is not None:  # NUL and lone surrogates are taken out, and may have been all there was
        made = package(one, scripted=False)
        assert (made.spec.intent, made.spec.method) == (one.intent, one.method)
        assert one.workflow in made.skill_md


def test_latex_and_code_come_through_as_they_are() -> None:
    text = toy_teacher.skill("orders", "1", extra=toy_teacher.executable())
    (one,) = read_proposals(text, 1).good
    assert one.effect == r"Harder when $\frac{a}{b}$ hides orders." and one.passages == (1,)
    assert one.executable is not None and one.executable.script.startswith('"""Order of a modulo m."""')
    asked = "After how many steps is 1 reached?"
    assert one.executable.phrasings[1] == ("Powers of $<a>$ are reduced modulo $<m>$.", asked)
    assert from_json(json.loads(json.dumps(asdict(one)))) == one


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "there is no <skill>"),
        ("<skill>", "never closed"),
        (toy_teacher.skill("x").replace("method>", "way>"), "skill 1: lacks <method>"),
        (toy_teacher.skill("x", domain="poetry"), "<domain> must be one of"),
        (toy_teacher.skill("x", category="!?"), "<category>"),
        (toy_teacher.skill("x", "1, 9"), "passage 9 was not shown"),
        (toy_teacher.skill("x", intent="i" * 1025), "<intent> is longer"),
        (toy_teacher.skill("x", extra="<executable><output>{}</output></executable>"), "<executable> lacks <script>"),
        ("x" * 200_001, "longer than 200000"),
    ],
)
def test_every_fault_is_named(text: str, fault: str) -> None:
    found = read_proposals(text, 3)
    assert not found.good and any(fault in one for one in found.faults), found.faults


def test_an_unclosed_skill_does_not_swallow_the_next() -> None:
    found = read_proposals("<skill><name>lost</name>" + toy_teacher.skill("kept"), 1)
    assert [one.name for one in found.good] == ["kept"] and found.faults == ("a <skill> is never closed",)


def test_blocks_are_cut_in_one_pass() -> None:
    assert blocks("<a>" * 100_000, "a") == ([], True)
    assert len(blocks("<a>x</a>" * 50_000, "a")[0]) == 50_000


def test_a_fence_is_taken_off_only_where_it_encloses_everything() -> None:
    assert unfenced("```python\nx = 1\n```") == "x = 1"
    assert unfenced("x = 1\n```\n") == "x = 1\n```\n"


def test_quality_is_the_weighted_mean_of_the_marks_and_nothing_where_one_is_zero() -> None:
    assert sum(WEIGHTS.values()) == pytest.approx(1)
    assert Rating(dict.fromkeys(WEIGHTS, 1.0), "").quality == 1
    marks = dict(zip(WEIGHTS, (1.0, 0.5, 0.75, 0.25, 0.5), strict=True))
    assert Rating(marks, "").quality == pytest.approx(0.625)
    assert Rating(marks | {"general": 0.0}, "").quality == 0


def test_ratings_are_read_by_number_and_faults_are_told() -> None:
    text = toy_teacher.rating(2, 4, "turns on it") + toy_teacher.rating(1, 3)
    found = read_ratings(text, 2)
    assert found.good[2].reason == "turns on it" and found.good[1].parts["general"] == 3 / BEST and not found.faults
    assert read_ratings(text, 3).faults == ("skill 3 has no rating",)
    assert "whole number" in read_ratings(toy_teacher.rating(1, 7), 1).faults[0]
    assert "from 1 to 1" in read_ratings(toy_teacher.rating(2, 4), 1).faults[0]
