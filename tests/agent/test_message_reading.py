"""What chat models write: read as it was meant, recorded in canonical form, or corrected with what would be right."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentprop.agent.reading import read, read_calls
from agentprop.models.chat import ToolCall
from agentprop.records import StopReason
from agentprop.records import action_text as protocol
from agentprop.records.action_text import Malformed

Play = Callable[..., Any]
HERE = Path(__file__).parent
TABLE, FAMILIES, CALLED = (
    tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))
    for name in ("messages", "messages_of_families", "calls_of_families")
)
THINK = "<action:think>\nIt is a product.\n</action:think>"
EXEC = "<action:exec>\nprint(6 * 7)\n</action:exec>"
STATEMENT = "What is six times seven, as one number?"
SUBMIT = (
    f"<action:submit>\n<statement>\n{STATEMENT}\n</statement>\n"
    '<answer type="integer">\n42\n</answer>\n<certificate>\nanswer = 6 * 7\n</certificate>\n</action:submit>'
)


def filled(text: str) -> str:
    return text.replace("{think}", THINK).replace("{exec}", EXEC).replace("{submit}", SUBMIT)


@pytest.mark.parametrize("row", TABLE["message"] + FAMILIES["message"], ids=lambda row: row["name"])
def test_a_message_is_read_as_it_was_meant(row: dict[str, Any]) -> None:
    if "refused" in row:
        with pytest.raises(Malformed) as fault:
            read(filled(row["text"]))
        assert row["refused"] in str(fault.value)
        if not row.get("strict"):
            with pytest.raises(Malformed):
                protocol.parse(filled(row["text"]))  # a replay of the record would refuse it, too
        return
    found = read(filled(row["text"]))
    assert [text for text, _ in found.actions] == [filled(text) for text in row["reads"]]
    assert sorted(found.repairs) == sorted(row.get("repaired", []))
    for text, action in found.actions:
        assert protocol.parse(text) == action


@pytest.mark.parametrize(("attributes", "meant"), TABLE["types"].items(), ids=str)
def test_the_type_of_an_answer_is_read_in_any_notation(attributes: str, meant: list[str]) -> None:
    answer, expected = meant
    text = SUBMIT.replace('type="integer"', attributes).replace("\n42\n", f"\n{answer}\n")
    ((_, action),) = read(text).actions
    assert action.submission is not None
    assert (action.submission.answer_type, action.submission.answer) == (expected, answer)


@pytest.mark.parametrize("kind", ["think", "exec", "edit", "submit"])
def test_a_correction_shows_what_would_be_right(kind: str) -> None:
    with pytest.raises(Malformed) as fault:
        read(f"<action:{kind}>\n\n</action:{kind}>")
    example = str(fault.value).partition("for example:\n")[2]
    assert protocol.parse(example).kind in (kind, "exec")


# --- native calls ---

CALLS = {
    "code in a fence": (("exec", '{"code": "```python\\nprint(6 * 7)\\n```"}'), EXEC, ("fence",)),
    "code alone": (("exec", "print(6 * 7)"), EXEC, ("json",)),
    "JSON in a string": (("exec", '"{\\"code\\": \\"print(6 * 7)\\"}"'), EXEC, ("json",)),
    "a Python literal": (("exec", "{'code': 'print(6 * 7)'}"), EXEC, ("json",)),
    "a comma too many": (("exec", '{"code": "print(6 * 7)",}'), EXEC, ("json",)),
    "arguments inside arguments": (("exec", '{"arguments": {"code": "print(6 * 7)"}}'), EXEC, ("json",)),
    "another name of the argument": (("exec", '{"script": "print(6 * 7)"}'), EXEC, ("arguments",)),
    "an argument too many": (("think", '{"text": "It is a product.", "mood": 3}'), THINK, ("arguments",)),
    "another name of the function": (("functions.exec", '{"code": "print(6 * 7)"}'), EXEC, ("function",)),
    "another type": (
        (
            "submit",
            f'{{"statement": "{STATEMENT}", "answer": 42, "answer_type": "Number", "certificate": "answer = 6 * 7"}}',
        ),
        SUBMIT,
        ("type",),
    ),
    "a skill's name in capitals": (
        ("edit", '{"edit": "remove", "skill": "Toy_Double", "reason": "easy"}'),
        "<action:edit>\nprune toy-double\neasy\n</action:edit>",
        ("edit",),
    ),
}


@pytest.mark.parametrize(("call", "block", "repairs"), CALLS.values(), ids=CALLS.keys())
def test_a_call_is_read_as_it_was_meant(call: tuple[str, str], block: str, repairs: tuple[str, ...]) -> None:
    found = read_calls([ToolCall("c", *call)])
    assert ([text for text, _ in found.actions], found.repairs) == ([block], repairs)


@pytest.mark.parametrize("row", CALLED["call"], ids=lambda row: row["name"])
def test_a_call_of_any_family_is_read_as_it_was_meant(row: dict[str, Any]) -> None:
    if "refused" in row:
        with pytest.raises(Malformed, match=row["refused"]):
            read_calls([ToolCall("c", row["function"], row["arguments"])])
        return
    found = read_calls([ToolCall("c", row["function"], row["arguments"])])
    assert [text for text, _ in found.actions] == [filled(text) for text in row["reads"]]
    assert sorted(found.repairs) == sorted(row.get("repaired", []))


@pytest.mark.parametrize("arguments", ['["print(1)"]', "", '{"code": "print(1)'])
def test_a_call_without_arguments_is_corrected(arguments: str) -> None:
    with pytest.raises(Malformed, match="arguments of exec are not a JSON object"):
        read_calls([ToolCall("c", "exec", arguments)])


# --- whole episodes ---


def test_several_actions_of_a_message_leave_a_turn_each(play: Play) -> None:
    episode = play(f"{THINK}\n{EXEC}", SUBMIT, strict=False)
    assert [(turn.action, turn.message) for turn in episode.trajectory.turns] == [
        ("think", THINK),
        ("exec", EXEC),
        ("submit", SUBMIT),
    ]
    assert episode.trajectory.stop == StopReason.SUBMITTED
    assert (episode.notes.messages, episode.notes.usable, dict(episode.notes.repaired)) == (2, 2, {"several": 1})


def test_what_stands_behind_an_action_that_failed_is_not_carried_out(play: Play) -> None:
    edit = "<action:edit>\nprune toy-successor\nIt is not active.\n</action:edit>"
    episode = play(f"{edit}\n{EXEC}", SUBMIT, strict=False)
    assert [turn.outcome for turn in episode.trajectory.turns] == ["refused:inactive", "ok"]


def test_strict_rules_take_a_message_as_it_was_sampled(play: Play) -> None:
    fenced = EXEC.replace("print(6 * 7)", "```\nprint(6 * 7)\n```")
    strict, tolerant = (play(fenced, f"{THINK}\n{EXEC}", strict=strict).trajectory for strict in (True, False))
    assert [turn.outcome for turn in strict.turns] == ["error", "malformed"]
    assert strict.turns[0].message == fenced
    assert [turn.outcome for turn in tolerant.turns] == ["ok", "ok", "ok"]


def test_faults_are_noted_with_their_words_and_a_sample(play: Play) -> None:
    notes = play("Hello.", "Hello again.", SUBMIT, strict=False).notes
    ((kind, fault),) = notes.commonest()
    assert (kind, fault.count, fault.sample) == ("malformed:message", 2, "Hello.")
    assert fault.words.startswith("no action block")


# --- any text ---

PIECES = """<action:exec> </action:exec> <action:think> </action:think> <think> </think> ```python\\n \\n```\\n
<tool_call> </tool_call> {"name":"exec","arguments":{"code":"1"}} print(1) \\n [check] <action:submit> </action:submit>
<statement> <answer> <certificate> &lt; <action>"""
PARTS = [" ", *(piece.replace("\\n", "\n") for piece in PIECES.split())]
TEXTS = st.lists(st.sampled_from(PARTS), max_size=9).map("".join)


@given(TEXTS)
def test_any_message_is_read_or_corrected_and_what_the_strict_parser_takes_is_never_refused(message: str) -> None:
    try:
        found = read(message)
    except Malformed as fault:
        if fault.kind != "thinking":
            with pytest.raises(Malformed):
                protocol.parse(message)
        return
    for text, action in found.actions:
        assert protocol.parse(text) == action
