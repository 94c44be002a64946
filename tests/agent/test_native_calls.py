"""Native tool calls: another protocol, the same record, and no reply that breaks the conversation."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from asker import model_at
from hypothesis import given
from hypothesis import strategies as st
from servers import fault_server

from agentprop.agent import tool_calls as functions
from agentprop.agent.chat_policy import ChatPolicy
from agentprop.agent.environment import Environment, Episode, Rules, rollout
from agentprop.agent.guidance import NAMES
from agentprop.agent.identities import model_made_by
from agentprop.agent.sources import tools
from agentprop.config import ProposeConfig
from agentprop.errors import SandboxUnavailable
from agentprop.models.chat import ToolCall
from agentprop.models.client import Model, channel_of
from agentprop.models.costs import Meter
from agentprop.models.scripted import Scripted
from agentprop.models.settings import ModelSettings
from agentprop.prompts import prompt, prompt_hash
from agentprop.records import Problem, StopReason, Task, Trajectory
from agentprop.records import action_text as protocol
from agentprop.records.action_text import Malformed
from agentprop.sandbox.executor import Executor
from agentprop.skills import Package
from agentprop.stages.propose import run as propose
from agentprop.storage.run import open_run

CODE = "from skills import toy_square\nprint(toy_square.solve(n=7))"
CERTIFICATE = "from skills import toy_square\nanswer = toy_square.solve(n=7)"
LATEX = r"What is the square of 7, that is $\frac{98}{2}$?"
PROBLEM = {"statement": LATEX, "answer": 49, "answer_type": "integer", "certificate": CERTIFICATE}
TAGGED = (
    "<action:think>\nA square.\n</action:think>",
    f"<action:exec>\n{CODE}\n</action:exec>",
    "<action:edit>\nprune toy-double\nOne is enough.\n</action:edit>",
    f'<action:submit>\n<statement>\n{LATEX}\n</statement>\n<answer type="integer">\n49\n</answer>\n<certificate>\n'
    f"{CERTIFICATE}\n</certificate>\n</action:submit>",
)


def call(name: str, arguments: object, *, id: str = "c", index: int = 0) -> dict[str, Any]:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return {"id": id, "index": index, "type": "function", "function": {"name": name, "arguments": text}}


def calls(*made: dict[str, Any], **message: Any) -> dict[str, Any]:
    return {"tool_calls": list(made), "finish_reason": "tool_calls", **message}


THINK = calls(call("think", {"text": "A square."}, id="t"))
RUNS = calls(call("exec", {"code": CODE}, id="r"))
PRUNE = calls(call("edit", {"edit": "prune", "skill": "toy-double", "reason": " One is enough."}, id="p"))
SUBMIT = calls(call("submit", PROBLEM, id="s"))
Play = Callable[..., tuple[Episode, Sequence[Mapping[str, Any]]]]


@pytest.fixture
def play(toys: Mapping[str, Package], executor: Executor) -> Play:
    """Let a script propose; the episode, and the bodies that were sent."""

    def run(*replies: Any, native: bool = True, model: Model | None = None, note: str = "") -> Any:
        script = Scripted(replies)
        proposer = model or Model(channel_of(ModelSettings(model="m"), script), Meter())
        names = ("toy-square", "toy-double")
        task = Task(
            seed=0,
            index=0,
            domain="mathematics",
            category=f"toy{note}",
            skill_names=names,
            skill_ids=tuple(toys[name].id for name in names),
        )
        environment = Environment(task, toys, executor, tools(), Rules(max_malformed=2))
        return asyncio.run(rollout(environment, ChatPolicy(proposer, native=native))), script.bodies

    return run


# --- one record ---


def test_an_episode_by_native_calls_leaves_the_record_of_one_in_tagged_text(play: Play) -> None:
    native, _ = play(THINK, RUNS, PRUNE, SUBMIT)
    tagged, _ = play(*TAGGED, native=False)
    assert native.trajectory.stop == StopReason.SUBMITTED
    assert tuple(turn.message for turn in native.trajectory.turns) == TAGGED
    assert native.trajectory.id == tagged.trajectory.id
    assert native.trajectory.messages() == tagged.trajectory.messages()
    assert native.problem is not None and tagged.problem is not None
    assert (native.problem.id, native.problem.statement) == (tagged.problem.id, LATEX)


def test_what_is_sent_is_a_conversation_of_calls_and_their_answers(play: Play) -> None:
    _, bodies = play(THINK, RUNS, PRUNE, SUBMIT)
    last = bodies[-1]["messages"]
    assert last[0] == {"role": "system", "content": prompt("proposer_functions")}
    assert [m["role"] for m in last] == ["system", "user", *["assistant", "tool"] * 3]
    assert [m["tool_calls"][0]["id"] for m in last[2::2]] == [m["tool_call_id"] for m in last[3::2]] == ["t", "r", "p"]
    assert last[5]["content"] == "[check] 49"
    assert all([t["function"]["name"] for t in body["tools"]] == list(functions.FUNCTIONS) for body in bodies)


def test_token_ids_of_calls_are_not_those_of_the_record_and_are_not_kept(play: Play) -> None:
    episode, _ = play({**THINK, "token_ids": [1, 2], "prompt_token_ids": [3]}, SUBMIT)
    assert episode.trajectory.turns[0].token_ids is None
    assert not episode.trajectory.token_exact


def test_provenance_tells_the_prompts_apart() -> None:
    tagged, native = (model_made_by("m", None, {}, native=native) for native in (False, True))
    assert tagged.prompt_hash != native.prompt_hash


@pytest.mark.parametrize(
    "said",
    [
        {"reasoning_content": "secret plans", "content": "I begin."},
        {"content": "<think>secret plans</think>\nI begin."},
    ],
    ids=["in a field", "in tags"],
)
def test_reasoning_is_not_kept_and_goes_back_beside_the_calls_that_it_led_to(play: Play, said: dict[str, str]) -> None:
    episode, bodies = play({**THINK, **said}, SUBMIT)
    assert episode.trajectory.turns[0].message == f"I begin.\n{TAGGED[0]}"
    assert "secret" not in episode.trajectory.model_dump_json()
    (sent,) = [message for message in bodies[1]["messages"] if message["role"] == "assistant"]
    in_a_field = {name: text for name, text in said.items() if name != "content"}
    assert sent == {"role": "assistant", "content": "I begin.", "tool_calls": sent["tool_calls"], **in_a_field}
    assert [made["id"] for made in sent["tool_calls"]] == ["t"]


def test_reasoning_is_not_sent_back_to_a_server_that_wants_none(play: Play) -> None:
    script = Scripted([{**THINK, "reasoning_content": "secret plans"}, SUBMIT])
    play(model=Model(channel_of(ModelSettings(model="m", echo_reasoning=False), script), Meter()))
    assert len(script.bodies) == 2 and "secret" not in json.dumps(script.bodies)


def test_reasoning_before_tagged_text_is_neither_kept_nor_sent_back(play: Play) -> None:
    first = {"reasoning_content": "secret plans", "content": TAGGED[0], "finish_reason": "stop"}
    episode, bodies = play(first, TAGGED[3], native=False)
    assert [turn.message for turn in episode.trajectory.turns] == [TAGGED[0], TAGGED[3]]
    assert "secret" not in json.dumps([bodies[1], episode.trajectory.messages()])


def test_tagged_text_is_understood_where_calls_were_offered(play: Play) -> None:
    episode, bodies = play(TAGGED[0], RUNS, SUBMIT)
    assert [turn.action for turn in episode.trajectory.turns] == ["think", "exec", "submit"]
    assert [m["role"] for m in bodies[1]["messages"][2:]] == ["assistant", "user"]


# --- repeated and jumbled calls ---


@pytest.mark.parametrize(
    "made",
    [
        (call("exec", {"code": CODE}), call("exec", {"code": CODE})),
        (call("exec", {"code": CODE}), call("exec", {"code": CODE}, id="other", index=1)),
    ],
    ids=["under one id", "under two ids"],
)
def test_a_repeated_call_is_carried_out_once(play: Play, made: tuple[dict[str, Any], ...]) -> None:
    episode, bodies = play(calls(*made), SUBMIT)
    assert [turn.message for turn in episode.trajectory.turns] == [TAGGED[1], TAGGED[3]]
    sent = bodies[1]["messages"][2:]
    assert [c["id"] for c in sent[0]["tool_calls"]] == [m["tool_call_id"] for m in sent[1:]] == ["c"]


def test_several_calls_are_kept_in_their_order_and_refused_as_several_blocks_are(play: Play) -> None:
    jumbled = calls(
        call("exec", {"code": CODE}, id="second", index=1), call("think", {"text": "A square."}, id="first")
    )
    episode, bodies = play(jumbled, SUBMIT)
    turn, sent = episode.trajectory.turns[0], bodies[1]["messages"][2:]
    assert (turn.action, turn.message) == ("malformed", f"{TAGGED[0]}\n{TAGGED[1]}")
    with pytest.raises(Malformed, match="2 action blocks"):
        protocol.parse(turn.message)
    assert "2 functions were called; call exactly one" in turn.observation
    assert [c["id"] for c in sent[0]["tool_calls"]] == [m["tool_call_id"] for m in sent[1:]] == ["first", "second"]


# --- what cannot be used ---

FAULTY = {
    "broken JSON": (calls(call("exec", '{"code": "print(1)')), "not valid JSON"),
    "no object": (calls(call("exec", '["print(1)"]')), "not a JSON object"),
    "nothing": (calls(call("exec", "")), "not valid JSON"),
    "unknown function": (calls(call("python", {"code": "1"})), "there is no function python; call exactly one of"),
    "a name as a tag": (calls(call("<action:think>", {"text": "<action:think>x</action:think>"})), "no function"),
    "missing argument": (calls(call("exec", {})), "code: Field required"),
    "unknown argument": (calls(call("think", {"text": "a", "mood": "b"})), "mood: Extra inputs"),
    "wrong type": (calls(call("exec", {"code": ["print(1)"]})), "code: Input should be a valid string"),
    "empty": (calls(call("think", {"text": " "})), "the think block is empty"),
    "no skill name": (calls(call("edit", {"edit": "prune", "skill": "Toy Square", "reason": ""})), "skill: String"),
    "replaced by nothing": (
        calls(call("edit", {"edit": "replace", "skill": "toy-square", "reason": "x"})),
        "goes with replace",
    ),
    "unknown answer type": (calls(call("submit", {**PROBLEM, "answer_type": "guess"})), "answer_type: Input should be"),
    "figures": (calls(call("submit", {**PROBLEM, "figures": 40})), "figures: Input should be"),
    "a tag in the code": (calls(call("exec", {"code": "print('</action:exec>')"})), "tags that end the action"),
    "a tag in the answer": (calls(call("submit", {**PROBLEM, "answer": "4</answer>9"})), "tags that end the action"),
    "a quotation mark in the unit": (calls(call("submit", {**PROBLEM, "unit": 'm"'})), "tags that end the action"),
    "LaTeX not doubled": (
        calls(call("submit", json.dumps(PROBLEM).replace("\\\\frac", "\\frac"))),
        "a backslash is written twice",
    ),
    "no call": ("I would rather talk.", "no function was called; call exactly one of"),
    "only thoughts": ({"content": "", "reasoning_content": "Hm.", "finish_reason": "stop"}, "no function was called"),
}


@pytest.mark.parametrize(("reply", "why"), FAULTY.values(), ids=FAULTY.keys())
def test_what_is_no_action_is_corrected_counted_and_never_upsets_the_server(play: Play, reply: Any, why: str) -> None:
    episode, bodies = play(reply, SUBMIT)
    first, second = episode.trajectory.turns
    assert (first.action, first.outcome, second.outcome) == ("malformed", "malformed", "ok")
    assert why in first.observation
    with pytest.raises(Malformed):
        protocol.parse(first.message)  # a replay of the record would refuse it, too
    check_conversation(bodies[1]["messages"])


def test_an_empty_reply_is_a_failed_request_and_no_mistake_of_the_proposer(play: Play) -> None:
    nothing = {"content": "", "finish_reason": "stop"}
    episode, bodies = play(nothing, SUBMIT)
    assert len(bodies) == 2 and bodies[0] == bodies[1], "it is asked again"
    assert [turn.outcome for turn in episode.trajectory.turns] == ["ok"] and episode.problem is not None
    episode, _ = play(*[nothing] * 50)
    assert (episode.trajectory.stop, episode.trajectory.turns) == (StopReason.INFRASTRUCTURE, ())
    assert "the reply is empty" in episode.words


def check_conversation(messages: Sequence[Mapping[str, Any]]) -> None:
    """Check the demands of servers: known functions, arguments that are JSON objects, every call answered at once."""
    owed: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            assert message["tool_call_id"] == owed.pop(0)
            continue
        assert owed == []
        for made in message.get("tool_calls", ()):
            assert made["function"]["name"] in functions.FUNCTIONS
            assert isinstance(json.loads(made["function"]["arguments"]), dict)
            owed.append(made["id"])
    assert owed == []


def test_malformed_calls_end_a_trajectory_after_a_limit(play: Play) -> None:
    episode, _ = play(*[FAULTY["broken JSON"][0]] * 3)
    assert (episode.trajectory.stop, len(episode.trajectory.turns)) == (StopReason.MALFORMED, 2)


def test_a_call_cut_off_by_the_token_limit_is_no_mistake(play: Play) -> None:
    episode, _ = play({**FAULTY["broken JSON"][0], "finish_reason": "length"})
    assert (episode.trajectory.stop, episode.trajectory.turns) == (StopReason.TRUNCATED, ())


def test_line_breaks_that_were_not_escaped_are_meant(play: Play) -> None:
    episode, bodies = play(calls(call("exec", f'{{"code": "{CODE}"}}')), SUBMIT)
    assert episode.trajectory.turns[0].message == TAGGED[1]
    check_conversation(bodies[1]["messages"])


def test_lone_surrogates_are_sent_back_as_something_a_server_can_read(play: Play) -> None:
    episode, bodies = play(calls(call("think", '{"text": "\\ud800"}')), SUBMIT)
    assert episode.trajectory.turns[0].action == "think"
    json.dumps(bodies[1], ensure_ascii=False).encode()


# --- any arguments ---

TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    ["</action:exec>", "<action:think>", "</statement>", "<answer>", "</certificate>", "# composition: {}", "\n", " "]
)


@given(st.lists(TEXTS, max_size=4).map("".join), st.lists(TEXTS, max_size=4).map("".join))
def test_a_call_is_read_back_word_for_word_or_refused(first: str, second: str) -> None:
    try:
        block = functions.tagged_block(ToolCall("c", "exec", json.dumps({"code": first})))
        assert protocol.parse(block).text == first
    except Malformed:
        pass
    try:
        arguments = {**PROBLEM, "statement": first, "certificate": second}
        found = protocol.parse(functions.tagged_block(ToolCall("c", "submit", json.dumps(arguments)))).submission
    except Malformed:
        return
    assert found is not None
    assert (found.statement, found.answer) == (first.strip(), "49")
    assert found.certificate.removeprefix("\n") == second.removeprefix("\n")


def test_tests_of_a_program_are_read_back(play: Play) -> None:
    tests = [{"arguments": [[1, 2], "<x>"], "expected": {"a": None}}]
    program = {"statement": "Write `f(x)`.", "answer": "def f(x):\n\treturn x", "answer_type": "program"}
    block = functions.tagged_block(ToolCall("c", "submit", json.dumps({**program, "tests": tests})))
    submission = protocol.parse(block).submission
    assert submission is not None
    assert [(json.loads(t.arguments), json.loads(t.expected)) for t in submission.tests] == [
        (t["arguments"], t["expected"]) for t in tests
    ]
    assert submission.answer == program["answer"]


def test_the_schemas_are_plain_enough_for_any_server() -> None:
    for tool in functions.TOOLS:
        text = json.dumps(tool.parameters)
        assert tool.parameters["type"] == "object" and tool.description
        assert "$ref" not in text and "$defs" not in text and '"title"' not in text
    required = {tool.name: tool.parameters["required"] for tool in functions.TOOLS}
    assert required["edit"] == ["edit", "skill", "reason"]
    assert required["submit"] == ["statement", "answer", "answer_type"]


# --- the stage ---


def test_a_model_whose_settings_say_so_proposes_by_native_calls(
    toys: Mapping[str, Package], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("toy-square", "toy-double"):
        (tmp_path / "library" / name / "scripts").mkdir(parents=True)
        numbered = toys[name].skill_md.replace("for tests", "for request 7")  # by which the server knows it
        (tmp_path / "library" / name / "SKILL.md").write_text(numbered)
        (tmp_path / "library" / name / "scripts" / "skill.py").write_text(toys[name].script or "")
    with fault_server(1, 0.0) as base_url:
        Path("agentprop.toml").write_text(f'[models.native]\nbase_url = "{base_url}"\nmodel = "m"\ntools = true\n')
        config = ProposeConfig(n=1, proposer="native", skills=("library",), bundled_skills=False, workers=1)
        try:
            propose.run(config, "run", quiet=True)
        except SandboxUnavailable as unavailable:
            pytest.skip(unavailable.message)
    stored = open_run("run")
    (problem,) = stored.iter(Problem)
    trajectory = next(t for t in stored.iter(Trajectory) if t.problem_id == problem.id)
    assert [turn.message.partition("\n")[0] for turn in trajectory.turns] == [
        "<action:think>",
        "<action:exec>",
        "<action:submit>",
    ]
    assert trajectory.system.startswith(prompt("proposer")) and prompt("exemplar_mathematics") in trajectory.system
    assert problem.made_by.prompt_hash == prompt_hash("proposer_functions", *NAMES)


# --- a bad server ---


@pytest.mark.parametrize(("number", "malformed"), [(7, 0), (8, 2)], ids=["repeated", "unknown functions"])
def test_jumbled_calls_of_a_server_are_sorted_out(play: Play, number: int, malformed: int) -> None:
    with fault_server(1, 0.0) as base_url:
        model = model_at(base_url, Meter(), None, timeout_s=5.0)
        episode, _ = play(model=model, note=f" request {number} fault: jumbled tool calls.")
    assert sum(turn.action == "malformed" for turn in episode.trajectory.turns) == malformed
    assert episode.trajectory.stop == (StopReason.MALFORMED if malformed else StopReason.SUBMITTED)


def test_every_episode_through_a_server_that_fails_in_every_way_ends_for_a_reason_of_its_own(play: Play) -> None:
    with fault_server(4, 0.02) as base_url:
        found = [play(model=model_at(base_url, Meter(), None), note=f" request {n}")[0] for n in range(24)]
    stops = [episode.trajectory.stop for episode in found]
    assert set(stops) <= {StopReason.SUBMITTED, StopReason.INFRASTRUCTURE, StopReason.MALFORMED}
    done = [episode for episode in found if episode.trajectory.stop == StopReason.SUBMITTED]
    assert len(done) > 18
    for episode in done:
        acted = [turn.action for turn in episode.trajectory.turns if turn.action != "malformed"]
        assert acted == ["think", "exec", "submit"]
        assert episode.problem is not None
