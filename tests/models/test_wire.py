"""Requests → bodies, bodies → replies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agentprop.models.chat import Exchange, Message, Reply, Request, Sampling, Tool, ToolCall, Usage
from agentprop.models.failures import FailureKind, ModelFailure
from agentprop.models.reasoning import split
from agentprop.models.settings import ModelSettings
from agentprop.models.wire import body_of, canonical, read, sampling_of

SHAPES = json.loads((Path(__file__).parent / "reasoning_shapes.json").read_text(encoding="utf-8"))
SERVER = ModelSettings(model="m", base_url="http://localhost/v1")
ASKED = Request((Message("user", "six times seven?"),))


def reply_of(choice: dict[str, Any], **data: Any) -> Reply:
    return read(Exchange(json.dumps({"model": "m", "choices": [choice], **data}).encode()))


def spoken(content: Any = "42", **message: Any) -> dict[str, Any]:
    return {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content, **message}}


@pytest.mark.parametrize("shape", SHAPES, ids=[shape["source"] for shape in SHAPES])
def test_reasoning_is_found_wherever_the_server_put_it(shape: dict[str, Any]) -> None:
    assert split(shape["message"]) == (shape["answer"], shape["reasoning"])


def test_only_what_was_chosen_is_sent() -> None:
    assert body_of(ASKED, SERVER) == {"model": "m", "messages": [{"role": "user", "content": "six times seven?"}]}


def test_a_request_wins_over_the_settings_and_extra_fields_over_both() -> None:
    settings = SERVER.model_copy(update={"temperature": 0.5, "top_p": 0.9, "extra_body": {"top_k": 3, "top_p": 0.8}})
    body = body_of(Request(ASKED.messages, Sampling(temperature=0.0, seed=7, max_tokens=9, stop=("x",)), n=4), settings)
    assert (body["temperature"], body["top_p"], body["top_k"]) == (0.0, 0.8, 3)
    assert (body["seed"], body["max_tokens"], body["stop"], body["n"]) == (7, 9, ["x"], 4)


def test_ids_and_logprobs_are_asked_for_only_where_the_server_gives_them() -> None:
    exact = Request(ASKED.messages, exact=True)
    able = SERVER.model_copy(update={"logprobs": True, "token_ids": True})
    assert not {"logprobs", "return_token_ids"} & body_of(exact, SERVER).keys()
    assert body_of(exact, able)["return_token_ids"] is body_of(exact, able)["logprobs"] is True
    assert not {"logprobs", "return_token_ids"} & body_of(ASKED, able).keys()


def test_the_limit_has_its_newer_name_where_it_must() -> None:
    limited = Request(ASKED.messages, Sampling(max_tokens=9))
    official = ModelSettings(model="m", base_url="https://api.openai.com/v1")
    assert body_of(limited, official)["max_completion_tokens"] == 9
    assert body_of(limited, official.model_copy(update={"completion_limit": False}))["max_tokens"] == 9


def test_tools_schemas_and_tool_answers_are_written_as_servers_expect() -> None:
    call = ToolCall("c1", "add", '{"a":1}')
    messages = (*ASKED.messages, Message("assistant", "", (call,)), Message("tool", "2", tool_call_id="c1"))
    body = body_of(
        Request(messages, tools=(Tool("add", "adds", {"type": "object"}),), schema={"type": "object"}), SERVER
    )
    assert body["messages"][1]["tool_calls"][0]["function"] == {"name": "add", "arguments": '{"a":1}'}
    assert body["messages"][2] == {"role": "tool", "content": "2", "tool_call_id": "c1"}
    assert body["tools"][0]["function"]["name"] == "add"
    assert body["response_format"]["json_schema"]["schema"] == {"type": "object"}


def test_equal_requests_have_equal_canonical_forms_whatever_their_order() -> None:
    assert canonical({"a": 1, "b": {"c": 2, "d": 3}}, "m", 0) == canonical({"b": {"d": 3, "c": 2}, "a": 1}, "m", 0)
    forms = {canonical({"a": 1}, "m", 0), canonical({"a": 1}, "m", 1), canonical({"a": 1}, "other", 0)}
    assert len(forms) == 3


def test_a_whole_reply_is_kept() -> None:
    choice = {
        **spoken(reasoning_content="6*7"),
        "finish_reason": "length",
        "token_ids": [4, 2],
        "logprobs": {"content": [{"token": "4", "logprob": -0.5}, {"token": "2", "logprob": -0.25}]},
    }
    usage = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
    reply = reply_of(choice, prompt_token_ids=[1, 2, 3], usage=usage, system_fingerprint="f")
    found = reply.choices[0]
    assert (found.text, found.reasoning, found.finish_reason, found.truncated) == ("42", "6*7", "length", True)
    assert (found.token_ids, found.logprobs) == ((4, 2), (-0.5, -0.25))
    assert (reply.prompt_token_ids, reply.usage, reply.fingerprint) == ((1, 2, 3), Usage(9, 2), "f")


def test_logprobs_are_read_in_the_older_form_too() -> None:
    older = {"tokens": ["4", "2"], "token_logprobs": [-0.5, -0.25], "text_offset": [0, 1]}
    assert reply_of({**spoken(), "logprobs": older}).choices[0].logprobs == (-0.5, -0.25)
    assert reply_of({**spoken(), "logprobs": {**older, "token_logprobs": [None, -0.25]}}).choices[0].logprobs is None


def test_logprobs_that_do_not_match_the_ids_are_dropped() -> None:
    logprobs = {"content": [{"token": "4", "logprob": -0.5}]}
    assert reply_of({**spoken(), "token_ids": [4, 2], "logprobs": logprobs}).choices[0].logprobs is None
    assert reply_of({**spoken(), "logprobs": logprobs}).choices[0].logprobs == (-0.5,)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (None, None),
        ({"prompt_tokens": 9}, None),
        ({"prompt_tokens": 9, "completion_tokens": 5}, Usage(9, 5)),
        (
            {
                "prompt_tokens": 9,
                "completion_tokens": 5,
                "total_tokens": 14,
                "completion_tokens_details": {"reasoning_tokens": 3},
            },
            Usage(9, 5, 3),
        ),
        (
            {
                "prompt_tokens": 9,
                "completion_tokens": 5,
                "total_tokens": 17,
                "completion_tokens_details": {"reasoning_tokens": 3},
            },
            Usage(9, 8, 3),
        ),
        ({"prompt_tokens": 9, "completion_tokens": 5, "completion_tokens_details": None}, Usage(9, 5)),
        (
            {"prompt_tokens": 9, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 4}},
            Usage(9, 5, 0, 4),
        ),
        ({"prompt_tokens": 9, "completion_tokens": 5, "prompt_cache_hit_tokens": 4}, Usage(9, 5, 0, 4)),
    ],
)
def test_reasoning_tokens_are_shown_and_counted_once(usage: Any, expected: Usage | None) -> None:
    assert reply_of(spoken(), usage=usage).usage == expected


@pytest.mark.parametrize(
    "choice",
    [
        {"message": "hello"},
        "hello",
        spoken(7),
        {**spoken(), "finish_reason": 3},
        spoken(None, tool_calls="add"),
        spoken(None, tool_calls=[{"id": "a", "function": {"arguments": "{}"}}]),
        spoken(None, tool_calls=[{"id": "a", "function": {"name": "f"}}, {"id": "a", "function": {"name": "g"}}]),
    ],
)
def test_what_is_no_chat_completion_is_refused(choice: Any) -> None:
    with pytest.raises(ModelFailure) as caught:
        reply_of(choice)
    assert caught.value.kind is FailureKind.BAD_REPLY


def test_tokens_of_a_refused_reply_are_still_known() -> None:
    with pytest.raises(ModelFailure) as caught:
        reply_of(spoken(None), usage={"prompt_tokens": 9, "completion_tokens": 5})
    assert caught.value.usage == Usage(9, 5)


def test_null_content_is_a_reply_when_something_else_was_said() -> None:
    assert reply_of(spoken(None, refusal="No.")).text == "No."
    assert reply_of({**spoken(None), "finish_reason": "length"}).choices[0].truncated
    assert reply_of(spoken(None, reasoning_content="hm")).choices[0].reasoning == "hm"


@pytest.mark.parametrize(
    ("choice", "kind"),
    [
        ({**spoken(), "finish_reason": "content_filter"}, FailureKind.FILTERED),
        ({**spoken(), "finish_reason": "SAFETY"}, FailureKind.FILTERED),
        ({**spoken(), "finish_reason": "error"}, FailureKind.BAD_REPLY),
        ({**spoken(), "finish_reason": "abort"}, FailureKind.BAD_REPLY),
        (spoken(""), FailureKind.EMPTY),
        (spoken(None), FailureKind.EMPTY),
        (spoken(" \n"), FailureKind.EMPTY),
        ({**spoken(None), "finish_reason": "tool_calls"}, FailureKind.EMPTY),
        ({**spoken(""), "error": {"code": 429, "message": "upstream is busy"}}, FailureKind.RATE_LIMIT),
        ({**spoken(""), "finish_reason": "error", "error": {"message": "input was flagged", "code": 403}},
         FailureKind.REFUSED),
    ],
)  # fmt: skip
def test_what_the_server_broke_off_withheld_or_left_empty_is_no_reply(choice: Any, kind: FailureKind) -> None:
    with pytest.raises(ModelFailure) as caught:
        reply_of(choice, usage={"prompt_tokens": 9, "completion_tokens": 5})
    assert (caught.value.kind, caught.value.usage) == (kind, Usage(9, 5))


def test_of_several_choices_the_usable_ones_are_kept() -> None:
    withheld = {**spoken(), "finish_reason": "content_filter", "index": 1}
    body = {"model": "m", "choices": [spoken("1"), withheld, {**spoken("3"), "index": 2}]}
    reply = read(Exchange(json.dumps(body).encode()))
    assert ([choice.text for choice in reply.choices], reply.withheld) == (["1", "3"], 1)


@pytest.mark.parametrize("text", [rb"4\ud800!", b"4\xff!", b"4\xed\xa0\x80!"], ids=["surrogate", "bytes", "half"])
def test_bytes_that_are_no_text_are_read_with_replacement(text: bytes) -> None:
    found = read(Exchange(json.dumps({"choices": [spoken("HERE")]}).encode().replace(b"HERE", text))).text
    assert found.strip("\ufffd")[0] == "4" and found[-1] == "!" and "\ufffd" in found
    found.encode("utf-8")


def test_what_a_server_does_not_take_is_left_out_and_what_it_names_otherwise_is_renamed() -> None:
    settings = SERVER.model_copy(update={"omit": ("temperature",), "rename": {"max_tokens": "max_completion_tokens"}})
    sampling = Sampling(temperature=0.6, top_p=0.9, max_tokens=9)
    body = body_of(Request(ASKED.messages, sampling), settings)
    assert "temperature" not in body and "max_tokens" not in body
    assert (body["top_p"], body["max_completion_tokens"]) == (0.9, 9)
    assert sampling_of(sampling, settings) == {"temperature": None, "top_p": 0.9, "max_tokens": 9}


def test_a_system_message_is_folded_into_the_users() -> None:
    settings = SERVER.model_copy(update={"system": "fold"})
    messages = (
        Message("system", "Be brief."),
        Message("user", "Hi"),
        Message("assistant", "Yes?"),
        Message("user", "?"),
    )
    sent = body_of(Request(messages), settings)["messages"]
    assert [(m["role"], m["content"]) for m in sent] == [
        ("user", "Be brief.\n\nHi"),
        ("assistant", "Yes?"),
        ("user", "?"),
    ]


def test_a_preset_fills_in_what_neither_the_request_nor_the_settings_say() -> None:
    settings = ModelSettings(model="m", base_url="http://localhost/v1", preset="qwen3-thinking", top_p=0.5)
    body = body_of(Request(ASKED.messages), settings)
    assert (body["temperature"], body["top_p"], body["top_k"]) == (0.6, 0.5, 20)
    assert body_of(Request(ASKED.messages, Sampling(temperature=1.0)), settings)["temperature"] == 1.0


def test_a_role_has_settings_of_its_own_and_other_roles_do_not_see_them() -> None:
    roles = {"proposer": {"extra_body": {"tool_choice": "required"}, "temperature": 1.0}, "teacher": {"top_p": 0.3}}
    settings = ModelSettings.model_validate(
        {"model": "m", "base_url": "http://x/v1", "temperature": 0.2, "roles": roles}
    )
    bodies = {role: body_of(ASKED, settings.for_role(role)) for role in ("proposer", "verifier-2", "rater")}
    assert (bodies["proposer"]["tool_choice"], bodies["proposer"]["temperature"]) == ("required", 1.0)
    assert "tool_choice" not in bodies["verifier-2"] and bodies["verifier-2"]["temperature"] == 0.2
    assert bodies["rater"]["top_p"] == 0.3
    assert settings.for_role("proposer").identity == settings.identity


def test_reasoning_and_signatures_go_back_with_the_tool_calls() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"},
            "extra_content": {"google": {"thought_signature": "s"}}}  # fmt: skip
    choice = reply_of(spoken(None, reasoning_content="hm", tool_calls=[call])).choices[0]
    message = Message("assistant", choice.text, choice.tool_calls, echo=choice.echo)
    (sent,) = body_of(Request((message,)), SERVER)["messages"]
    assert sent["reasoning_content"] == "hm"
    assert sent["tool_calls"] == [call]
    (plain,) = body_of(Request((message,)), SERVER.model_copy(update={"echo_reasoning": False}))["messages"]
    assert "reasoning_content" not in plain and "extra_content" not in plain["tool_calls"][0]


def test_tokens_that_only_the_total_counts_are_output() -> None:
    usage = {"prompt_tokens": 500, "completion_tokens": 160, "total_tokens": 1800}
    assert reply_of(spoken(), usage=usage).usage == Usage(500, 1300, 1140)


def test_a_server_that_counts_nothing_is_unmetered() -> None:
    zeros = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    assert reply_of(spoken(), usage=zeros).usage is None
