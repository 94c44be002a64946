"""Actions ↔ tagged text: written and read back, and no text makes the parser fail."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentprop.records import Submission, TestCase
from agentprop.records import action_text as protocol
from agentprop.records.action_text import MAX_MESSAGE, Malformed, parse

LATEX = r"Let $f(x) = \frac{x^2}{2} < 3 & y > \sqrt{2}$; is `a < b && c > d`? \begin{cases} 1 \\ 2 \end{cases}"
CODE = 'for i in range(3):\n    if i < 2 and "<b>" != \'&amp;\':\n        print("\\n", f"{i:>3}")'

TAGS = (
    "<statement",
    "<answer",
    "<tests",
    "<certificate",
    "<action",
    "</statement>",
    "</answer>",
    "</tests>",
    "</certificate>",
    "</action",
)
PLAIN = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60).filter(
    lambda text: text.strip() == text and not any(tag in text for tag in TAGS)
)


@given(PLAIN)
def test_a_reflection_is_read_back_word_for_word(text: str) -> None:
    action = parse(protocol.think(text))
    assert (action.kind, action.text) == ("think", text)


def test_latex_and_code_are_not_escaped() -> None:
    assert LATEX in protocol.think(LATEX)
    assert parse(protocol.think(LATEX)).text == LATEX
    assert parse(protocol.execute(CODE)).text == CODE


@given(
    PLAIN,
    PLAIN,
    st.sampled_from(["integer", "quantity", "program", "list"]),
    st.sampled_from([None, "m/s", "°C"]),
    st.sampled_from([None, 2, 12]),
    PLAIN,
    st.lists(st.tuples(st.lists(st.text()), st.text()), max_size=3),
)
def test_a_submission_is_read_back(
    statement: str,
    answer: str,
    kind: str,
    unit: str | None,
    figures: int | None,
    certificate: str,
    tests: list[tuple[list[str], str]],
) -> None:
    import json

    submission = Submission.model_validate(
        {
            "statement": statement,
            "answer": answer,
            "answer_type": kind,
            "unit": unit,
            "figures": figures,
            "certificate": certificate,
            "tests": [{"arguments": json.dumps(a), "expected": json.dumps(e)} for a, e in tests],
        }
    )
    try:
        found = parse(protocol.submit(submission)).submission
    except Malformed:  # a test may hold any text, so also a closing tag
        assert any(tag in f"{a}{e}" for a, e in tests for tag in TAGS)
        return
    assert found == submission or any(tag in f"{a}{e}" for a, e in tests for tag in TAGS)


def test_a_composition_stands_in_the_first_line_of_the_certificate() -> None:
    submission = Submission(
        statement="s", answer="1", answer_type="integer", certificate="answer = 1", composition='{"apply":"a","to":{}}'
    )
    found = parse(protocol.submit(submission)).submission
    assert found is not None
    assert found.composition == submission.composition
    assert found.certificate == f"# composition: {submission.composition}\nanswer = 1"
    assert parse(protocol.submit(found)).submission == found


def test_sections_may_speak_of_each_other() -> None:
    submission = Submission(
        statement='What is <answer type="integer">7</answer> in <certificate>HTML</certificate>?',
        answer="a tag",
        answer_type="string",
        certificate='text = "<tests>"\nanswer = "a tag"',
        tests=(TestCase(arguments='["a\\u2028b"]', expected="1"),),
    )
    assert parse(protocol.submit(submission)).submission == submission


@pytest.mark.parametrize(
    ("command", "edit"),
    [
        ("prune a-b", ("prune", "a-b", None)),
        ("add c1", ("add", "c1", None)),
        ("replace a with b-2", ("replace", "a", "b-2")),
    ],
)
def test_edits_are_read_back_with_their_reason(command: str, edit: tuple[str, str, str | None]) -> None:
    action = parse(protocol.edit(command, "two\nlines"))
    assert (action.edit, action.skill, action.replacement) == edit
    assert action.text == "two\nlines"


OPEN, CLOSE = "<action:submit>", "</action:submit>"
PROGRAM = f'{OPEN}<statement>s</statement><answer type="program">7</answer>'
MALFORMED = {
    "prose": "I think the answer is 7.",
    "empty": "",
    "unclosed": "<action:think>hm",
    "unknown": "<action:sing>la</action:sing>",
    "closed by another": "<action:think>hm</action:exec>",
    "two blocks": protocol.think("a") + protocol.think("b"),
    "an empty block": "<action:exec>  \n </action:exec>",
    "an edit of nothing": protocol.edit("prune", "x"),
    "an edit with too much": protocol.edit("prune a with b", "x"),
    "an edit with too little": protocol.edit("replace a", "x"),
    "an edit of a bad name": protocol.edit("prune ../a", "x"),
    "no statement": f'{OPEN}<answer type="integer">7</answer>{CLOSE}',
    "no answer": f"{OPEN}<statement>s</statement>{CLOSE}",
    "no type": f"{OPEN}<statement>s</statement><answer>7</answer>{CLOSE}",
    "an unknown type": f'{OPEN}<statement>s</statement><answer type="joke">7</answer>{CLOSE}',
    "figures that are none": f'{OPEN}<statement>s</statement><answer type="integer" figures="x">7</answer>{CLOSE}',
    "no figures": f'{OPEN}<statement>s</statement><answer type="integer" figures="0">7</answer>{CLOSE}',
    "many figures": f'{OPEN}<statement>s</statement><answer type="integer" figures="99999">7</answer>{CLOSE}',
    "endless figures": f'{OPEN}<statement>s</statement><answer type="list" figures="{"9" * 5000}">7</answer>{CLOSE}',
    "tests that are none": f"{PROGRAM}<tests>x</tests>{CLOSE}",
    "tests of numbers": f"{PROGRAM}<tests>5</tests>{CLOSE}",
    "tests with a key short": f"{PROGRAM}<tests>{{}}</tests>{CLOSE}",
    "tests without a bottom": f"{PROGRAM}<tests>{'[' * 99999}</tests>{CLOSE}",
    "too long": protocol.think("x" * MAX_MESSAGE),
    "openings": "<action:think>" * 14_000,
    "sections": OPEN + "<statement>" * 15_000 + CLOSE,
    "attributes": OPEN + "<answer " * 20_000 + CLOSE,
    "crossed": "<action:think>a</action:exec>" * 6_000,
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_message_is_answered_with_its_fault(name: str) -> None:
    with pytest.raises(Malformed) as raised:
        parse(MALFORMED[name])
    fault, example = raised.value.fault, raised.value.example
    assert 10 < len(fault) < 300
    assert str(raised.value) == f"{fault}; for example:\n{example}" and example in protocol.EXAMPLES.values()


@pytest.mark.parametrize("kind", ["message", "edit", "submit"])
def test_what_a_correction_shows_for_example_can_be_read(kind: str) -> None:
    assert parse(protocol.EXAMPLES[kind]).kind == {"message": "exec"}.get(kind, kind)


def test_a_correction_of_the_type_of_an_answer_lists_the_types() -> None:
    with pytest.raises(Malformed, match=f"'joke' is no type of an answer; the types are {protocol.TYPES}"):
        parse(MALFORMED["an unknown type"])


PIECES = st.sampled_from(
    [
        *TAGS,
        "<action:think>",
        "<action:exec>",
        "<action:edit>",
        OPEN,
        CLOSE,
        "</action:think>",
        "</action:edit>",
        ">",
        "\n",
        "prune a",
        "replace a with b",
        '<answer type="integer">',
        "<statement>",
        "7",
        "{",
        '"',
        "# composition: ",
        "\ud800",
    ]
)


@given(st.one_of(st.text(), st.lists(PIECES, max_size=14).map("".join)))
def test_parsing_gives_an_action_or_says_malformed(text: str) -> None:
    try:
        action = parse(text)
    except Malformed:
        return
    assert action.kind in ("think", "exec", "edit", "submit")


def test_text_around_the_block_is_no_harm() -> None:
    assert parse(f"Sure!\n{protocol.think('a')}\nDone.").text == "a"
