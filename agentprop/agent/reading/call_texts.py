"""Texts in which models write calls, where none was asked for or the server did not read it → names and arguments.

The formats are those of chat templates: Hermes and Qwen (`<tool_call>{…}</tool_call>`), Qwen3-Coder and Llama
(`<function=NAME>`), GLM (`<arg_key>`), Mistral (`[TOOL_CALLS]`), Llama (`<|python_tag|>`), DeepSeek, gpt-oss, Anthropic
(`<invoke name=…>`), and bare JSON or Python.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from agentprop.agent.reading.mending import without_outer_fence

NAMES = ("name", "function", "tool", "tool_name", "function_name", "action", "recipient_name")
ARGUMENTS = ("arguments", "parameters", "args", "input", "action_input", "tool_input", "kwargs", "params")


class CallText(NamedTuple):
    """A call as text."""

    name: str
    """Name of the function."""
    arguments: str
    """Its arguments: JSON, not necessarily valid."""


def calls_of_json(text: str) -> list[CallText]:
    """Read the calls of a JSON text: one call, a list of them, or several one after the other."""
    decoder = json.JSONDecoder(strict=False)
    found: list[CallText] = []
    position = 0
    while (start := _first(text, position)) is not None:
        try:
            value, position = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            return found or _broken(text[start:])
        found += _calls_of(value)
    return found


def _first(text: str, position: int) -> int | None:
    found = re.compile(r"[{\[]").search(text, position)
    return None if found is None else found.start()


def _broken(text: str) -> list[CallText]:
    """A call in Python's notation; or one whose JSON is faulty, so that its arguments can be complained about."""
    try:
        with warnings.catch_warnings(action="ignore"):
            return _calls_of(ast.literal_eval(text.strip()))
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        name = re.search(r'"(?:name|function)"\s*:\s*"([\w.:-]+)"', text)
        body = re.search(r'"(?:arguments|parameters)"\s*:\s*(.*)\}\s*\Z', text, re.DOTALL)
        return [CallText(_plain(name[1]), body[1] if body else text)] if name else []


def _calls_of(value: Any) -> list[CallText]:
    if isinstance(value, list):
        return [call for one in value for call in _calls_of(one)]
    if not isinstance(value, dict):
        return []
    if isinstance(value.get("tool_calls"), list):
        return _calls_of(value["tool_calls"])
    name = next((value[key] for key in NAMES if isinstance(value.get(key), str | dict)), None)
    if isinstance(name, dict):
        return _calls_of(name)
    if name is None:
        return []
    arguments = next((value[key] for key in ARGUMENTS if key in value), None)
    if arguments is None:
        arguments = {key: one for key, one in value.items() if key not in (*NAMES, "type", "id")}
    return [CallText(_plain(name), arguments if isinstance(arguments, str) else json.dumps(arguments))]


def _plain(name: str) -> str:
    """`functions.exec`, `action:exec` → `exec`."""
    return re.split(r"[.:/]", name.strip())[-1].lower()


# --- formats with a beginning and an end ---


def _tool_call(match: re.Match[str]) -> list[CallText]:
    body = match["body"]
    function = FUNCTION.search(body)
    if function is not None:
        return [call for found in FUNCTION.finditer(body) for call in _function(found)]
    pairs = re.findall(r"<arg_key>\s*(.*?)\s*</arg_key>\s*<arg_value>(.*?)</arg_value>", body, re.DOTALL)
    if pairs:
        name = body.partition("<arg_key>")[0].strip()
        return [CallText(_plain(name), json.dumps(dict(pairs)))]
    return calls_of_json(body)


def _function(match: re.Match[str]) -> list[CallText]:
    body = match["body"]
    parameters = re.findall(r"<parameter=([\w-]+)>\n?(.*?)\n?</parameter>", body, re.DOTALL)
    arguments = json.dumps(dict(parameters)) if parameters else without_outer_fence(body)[0].strip()
    return [CallText(_plain(match["name"]), arguments)]


def _invoke(match: re.Match[str]) -> list[CallText]:
    pattern = r"""<(?:\w+:)?parameter\s+name=["']?([\w-]+)["']?[^>]*>\n?(.*?)\n?</(?:\w+:)?parameter>"""
    pairs = re.findall(pattern, match["body"], re.DOTALL)
    return [CallText(_plain(match["name"]), json.dumps(dict(pairs)))]


def _json(match: re.Match[str]) -> list[CallText]:
    return calls_of_json(match["body"])


def _named(match: re.Match[str]) -> list[CallText]:
    return [CallText(_plain(match["name"]), without_outer_fence(match["body"].strip())[0].strip())]


FUNCTION = re.compile(r"<function\s*=\s*[\"']?(?P<name>[\w.:-]+)[\"']?\s*>(?P<body>.*?)(?:</function>|\Z)", re.DOTALL)
TAG = r"(?:tool_calls?|function_calls?|toolcall|tool|call|\|tool_call\|)"
CALL_FORMATS: Mapping[re.Pattern[str], Callable[[re.Match[str]], list[CallText]]] = {
    re.compile(rf"<(?P<tag>{TAG})>(?P<body>(?:(?!<(?:\w+:)?invoke).)*?)(?:</(?P=tag)>|\Z)", re.DOTALL): _tool_call,
    FUNCTION: _function,
    re.compile(
        r"<(?:\w+:)?invoke\s+name=[\"']?(?P<name>[\w.:-]+)[\"']?\s*>(?P<body>.*?)(?:</(?:\w+:)?invoke>|\Z)", re.DOTALL
    ): _invoke,
    re.compile(r"\[TOOL_CALLS\]\s*(?P<body>[\[{].*)", re.DOTALL): _json,
    re.compile(r"\[TOOL_CALLS\]\s*(?P<name>[\w.:-]+)\s*(?:\[ARGS\])?\s*(?P<body>\{.*)", re.DOTALL): _named,
    re.compile(r"<\|python_tag\|>\s*(?P<body>\{.*)", re.DOTALL): _json,
    re.compile(
        r"<｜tool▁call▁begin｜>(?:function)?(?:<｜tool▁sep｜>)?(?P<name>[\w.:-]+)(?:<｜tool▁sep｜>)?"
        r"(?P<body>.*?)(?:<｜tool▁call▁end｜>|\Z)",
        re.DOTALL,
    ): _named,
    re.compile(
        r"<\|channel\|>\s*(?:commentary|analysis)\s+to=(?P<name>[\w.:-]+)[^{]*?<\|message\|>"
        r"(?P<body>.*?)(?:<\|call\|>|\Z)",
        re.DOTALL,
    ): _named,
}
"""A format's pattern → what reads a match of it."""


# --- a message that is nothing but a call ---


def whole_message(text: str) -> Sequence[CallText]:
    """The calls of a message of nothing else: JSON, fenced or not, or Python such as `exec(code="print(1)")`."""
    body, _ = without_outer_fence(text)
    body = body.strip()
    if body[:1] in ("{", "["):
        calls = calls_of_json(body)
        if calls:
            return calls
    fenced = re.search(r"(?ms)^```(?:json|tool_call)?[ \t]*\n(\s*[{\[].*?)^```", text)
    if fenced is not None:
        return calls_of_json(fenced[1])
    return _python_calls(body)


def _python_calls(text: str) -> list[CallText]:
    if not re.match(r"\[?\s*(?:think|exec|edit|submit|read_skill)\s*\(", text):
        return []
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(text.strip(), mode="eval").body
            calls = tree.elts if isinstance(tree, ast.List) else [tree]
            return [_python_call(call) for call in calls if isinstance(call, ast.Call)]
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        return []


def _python_call(call: ast.Call) -> CallText:
    """Raises ValueError if an argument is no literal."""
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    given = {keyword.arg or "": ast.literal_eval(keyword.value) for keyword in call.keywords}
    given |= {f"#{number}": ast.literal_eval(value) for number, value in enumerate(call.args)}
    return CallText(name, json.dumps(given, default=str))
