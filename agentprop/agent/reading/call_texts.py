"""Texts in which models write calls, where none was asked for or the server did not read it → names and arguments.

The formats are those of chat templates: Hermes and Qwen (`<tool_call>{…}</tool_call>`), Qwen3-Coder and Llama
(`<function=NAME>`), GLM (`<arg_key>`), Mistral (`[TOOL_CALLS]`), Llama (`<|python_tag|>`), DeepSeek and Kimi
(`<|tool_call_begin|>`), gpt-oss (`to=functions.NAME`), Anthropic (`<invoke name=…>`), Gemma (`call:NAME{…}`), agents
(`Action: NAME`, `Action Input: …`), and bare JSON, YAML or Python.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from agentprop.agent.reading.labels import labelled
from agentprop.agent.reading.lenient_json import lenient_value
from agentprop.agent.reading.mending import parses, without_outer_fence
from agentprop.agent.reading.names import ALIASES, KINDS, kind_of, plain_name

NAMES = (
    "name",
    "function",
    "tool",
    "tool_name",
    "function_name",
    "action",
    "recipient_name",
    "action_type",
    "action_name",
    "toolName",
    "functionName",
)
WRAPPERS = ("function_call", "functionCall", "command")
ARGUMENTS = ("arguments", "parameters", "args", "input", "action_input", "tool_input", "kwargs", "params")
BESIDE_CODE = frozenset({"code", "thought", "thoughts", "reasoning", "explanation", "language"})
"""Keys of an object that names no function and runs its code."""
SORTS = ("type", "kind", "op")
"""Keys that name an action only if their value is one."""


class CallText(NamedTuple):
    """A call as text."""

    name: str
    """Name of the function."""
    arguments: str
    """Its arguments: JSON, not necessarily valid."""


def calls_of_json(text: str) -> list[CallText]:
    """Read the calls of a JSON text: one call, a list of them, or several one after the other."""
    found: list[CallText] = []
    position = 0
    while (start := _first(text, position)) is not None:
        try:
            value, position = _value(text, start)
        except (ValueError, RecursionError):
            return found or _broken(text[start:])
        found += _calls_of(value)
    return found


def _value(text: str, start: int) -> tuple[Any, int]:
    """(JSON that begins at a position, where it ends), as it should be or as models write it. Raises ValueError."""
    try:
        return json.JSONDecoder(strict=False).raw_decode(text, start)
    except ValueError:
        return lenient_value(text, start)


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
        body = re.search(r'"(?:arguments|parameters)"\s*:', text)
        arguments = text if body is None else text[body.end() :].rstrip().removesuffix("}")
        return [CallText(plain_name(name[1]), arguments)] if name else []


def _calls_of(value: Any) -> list[CallText]:
    if isinstance(value, list):
        return [call for one in value for call in _calls_of(one)]
    if not isinstance(value, dict):
        return []
    several = next(
        (value[key] for key in ("tool_calls", "tool_uses", "actions") if isinstance(value.get(key), list)), None
    )
    if several is not None:
        return _calls_of(several)
    if value and len(value) < len(KINDS) and value.keys() <= set(KINDS):  # {"exec": "print(1)"}
        return [_call(kind, one) for kind, one in value.items()]
    wrapped = (value[key] for key in WRAPPERS if isinstance(value.get(key), dict))
    named = (value[key] for key in NAMES if isinstance(value.get(key), str | dict))
    name = next(chain(wrapped, named), None)
    if isinstance(name, dict):
        return _calls_of(name)
    sort = next((key for key in SORTS if str(value.get(key)).lower() in ALIASES), "type")
    if name is None and str(value.get(sort)).lower() in ALIASES:
        name = value[sort]
    if name is None:
        if isinstance(value.get("code"), str) and value.keys() <= BESIDE_CODE:
            return [_call("exec", {"code": value["code"]})]
        return [_call("submit", value)] if {"statement", "answer"} <= value.keys() else []
    arguments = next((value[key] for key in ARGUMENTS if key in value), None)
    if arguments is None:
        arguments = {key: one for key, one in value.items() if key not in (*NAMES, sort, "type", "id")}
    if plain_name(name) == "parallel" and isinstance(arguments, dict):
        return _calls_of(arguments)
    return [_call(name, arguments)]


def _call(name: str, arguments: Any) -> CallText:
    return CallText(plain_name(name), arguments if isinstance(arguments, str) else json.dumps(arguments))


# --- formats with a beginning and an end ---


def _within(match: re.Match[str]) -> list[CallText]:
    return calls_within(match["body"])


def calls_within(text: str) -> list[CallText]:
    """The calls of what stands between the tokens of a template: tags, JSON, Python, a name and JSON, or code."""
    body = without_outer_fence(TOKEN.sub(" ", text).strip())[0]
    for read in (_functions, _pairs, _nested, calls_of_named, _json_calls, python_calls, _below_prose):
        if calls := read(body):
            return calls
    return []


def _functions(body: str) -> list[CallText]:
    return [call for found in FUNCTION.finditer(body) for call in _function(found)]


def _pairs(body: str) -> list[CallText]:
    pairs = re.findall(r"<arg_key>\s*(.*?)\s*</arg_key>\s*<arg_value>(.*?)(?:</arg_value>|\Z)", body, re.DOTALL)
    return [CallText(plain_name(body.partition("<arg_key>")[0]), json.dumps(dict(pairs)))] if pairs else []


def _nested(body: str) -> list[CallText]:
    """`<name>exec</name><input><code>…</code></input>`: name and arguments in tags of their own."""
    name = re.search(
        r"(?is)<(?P<tag>tool_name|name|type|kind|function|action)>\s*(?P<name>[\w.:-]+)\s*</(?P=tag)>", body
    )
    if name is None:
        return []
    rest = f"{body[: name.start()]}{body[name.end() :]}".strip()
    outer = re.search(rf"(?is)<(?P<tag>{'|'.join(ARGUMENTS)}|content)>(?P<inside>.*?)(?:</(?P=tag)>|\Z)", rest)
    inside = rest if outer is None else outer["inside"]
    pairs = re.findall(r"(?is)<(\w+)>\n?(.*?)\n?</\1>", inside)
    return [CallText(plain_name(name["name"]), json.dumps(dict(pairs)) if pairs else inside.strip())]


def _json_calls(body: str) -> list[CallText]:
    return calls_of_json(body) if body.lstrip()[:1] in ("{", "[") else []


def _below_prose(body: str) -> list[CallText]:
    """JSON that begins a line below some words, of actions that there are."""
    start = re.search(r"(?m)^[ \t]*\{", body)
    calls = [] if start is None else calls_of_json(body[start.start() :])
    return calls if all(kind_of(call.name) for call in calls) else []


def calls_of_named(body: str) -> list[CallText]:
    """`exec {"code": "…"}`: a name and an object, perhaps with a word before it."""
    found = NAMED.fullmatch(body.strip())
    return (
        []
        if found is None or kind_of(found["name"]) is None
        else [CallText(found["name"].lower(), without_outer_fence(found["body"])[0])]
    )


def _function(match: re.Match[str]) -> list[CallText]:
    body = match["body"]
    parameters = re.findall(r"<parameter=([\w-]+)>\n?(.*?)\n?(?:</parameter>|(?=<parameter=)|\Z)", body, re.DOTALL)
    arguments = json.dumps(dict(parameters)) if parameters else without_outer_fence(TOKEN.sub("", body))[0].strip()
    return [CallText(plain_name(match["name"]), arguments)]


def _invoke(match: re.Match[str]) -> list[CallText]:
    end = rf"(?:</{PREFIX}parameter>|(?=<{PREFIX}parameter\s)|\Z)"
    pattern = rf"""<{PREFIX}parameter\s+name=["']?([\w-]+)["']?[^>]*>\n?(.*?)\n?{end}"""
    pairs = re.findall(pattern, match["body"], re.DOTALL)
    if not pairs:
        return calls_within(match["body"]) or _named(match)
    return [CallText(plain_name(match["name"]), json.dumps(dict(pairs)))]


def _named(match: re.Match[str]) -> list[CallText]:
    return [CallText(plain_name(match["name"]), without_outer_fence(match["body"].strip())[0].strip())]


def _or_code(match: re.Match[str]) -> list[CallText]:
    """The calls behind a token; whatever is no call is code."""
    return calls_within(match["body"]) or [
        CallText("exec", without_outer_fence(TOKEN.sub(" ", match["body"]).strip())[0])
    ]


def _react(match: re.Match[str]) -> list[CallText]:
    return [CallText(plain_name(match["name"]), without_outer_fence(match["body"].strip())[0])]


PREFIX = r"(?:\w+:|｜DSML｜)?"
ACTION = re.compile(r"(?ims)^[*#]*[ \t]?action[*]*:[*]*[ \t]*(?P<rest>\S.*)\Z")
TOKEN = re.compile(r"<[|｜][\w▁/ ]+[|｜]>|</s>|<end_of_turn>|<end_code>")
"""A token of a chat template."""
FINAL = re.compile(r"\A\s*<\|channel\|>\s*final\s*(?:<\|constrain\|>\s*json)?\s*(?=<\|message\|>)")
"""Tokens and words before the last message of gpt-oss."""
NAMED = re.compile(
    r"(?:(?:function|tool|call|action)s?[:\s]+)?(?P<name>[\w.:-]+?)\s*(?:\[ARGS\])?\s*\(?(?P<body>(?:\{|```).*)",
    re.DOTALL,
)
FUNCTION = re.compile(r"<function\s*=\s*[\"']?(?P<name>[\w.:-]+)[\"']?\s*>(?P<body>.*?)(?:</function>|\Z)", re.DOTALL)
TAG = r"(?:\w+:)?(?:tool_calls?|function_calls?|toolcall|tool_use|tool|call)|\|tool_call\|"
ENDED = r"(?:<\|(?:eom_id|eot_id|action_end|END_ACTION|python_end|/tool_call|call|end)\|>|\Z)"
CALL_FORMATS: Mapping[re.Pattern[str], Callable[[re.Match[str]], list[CallText]]] = {
    re.compile(
        rf"<(?P<tag>{TAG})>(?P<body>(?:(?!<(?:\w+:)?invoke\s).)*?)(?:</(?P=tag)>|\Z)", re.DOTALL | re.IGNORECASE
    ): _within,
    FUNCTION: _function,
    re.compile(
        r"<(?:\w+:|｜DSML｜)?(?P<tag>invoke|tool_call|tool_use|function_call|function|tool|call)"
        r"\s+name=[\"']?(?P<name>[\w.:-]+)[\"']?\s*>(?P<body>.*?)(?:</(?:\w+:|｜DSML｜)?(?P=tag)>|\Z)",
        re.DOTALL,
    ): _invoke,
    re.compile(r"\[TOOL_CALLS\]\s*(?P<body>[\[{].*)", re.DOTALL): _within,
    re.compile(
        r"\[TOOL_CALLS\]\s*(?P<name>[\w.:-]+)\s*(?:\[CALL_ID\]\w+)?(?:\[ARGS\])?\s*(?P<body>\{.*?)(?=\[TOOL_CALLS\]|</s>|\Z)",
        re.DOTALL,
    ): _named,
    re.compile(
        rf"<\|(?:python_tag|python_start|START_ACTION|action_start)\|>\s*(?:<\|(?:plugin|interpreter)\|>)?(?P<body>.*?){ENDED}",
        re.DOTALL,
    ): _or_code,
    re.compile(
        r"<[|｜]tool[▁_]call[▁_]begin[|｜]>(?:function)?(?:<[|｜]tool[▁_]sep[|｜]>)?(?!function<)(?P<name>[\w.:-]+)"
        r"(?:<[|｜]tool[▁_](?:sep|call[▁_]argument[▁_]begin)[|｜]>)?(?P<body>.*?)(?:<[|｜]tool[▁_]call[▁_]end[|｜]>|\Z)",
        re.DOTALL,
    ): _named,
    re.compile(
        r"(?:<\|start\|>\s*assistant|(?m:^)assistant|<\|channel\|>\s*(?:commentary|analysis)|(?:assistant)?(?:commentary|analysis))"
        r"\s+to=(?P<name>[\w.:-]+)"
        r"(?:\s|<\|channel\|>|<\|constrain\|>|<\|message\|>|commentary|analysis|(?:json|code)(?=\s*[<{]))*"
        rf"(?P<body>.*?){ENDED}",
        re.DOTALL,
    ): _named,
    re.compile(
        r"<start_function_call>\s*call:(?P<name>[\w.:-]+)(?P<body>\{.*?)(?:<end_function_call>|\Z)", re.DOTALL
    ): _named,
    re.compile(r"(?ms)^>>>[ \t]*(?P<name>think|exec|edit|submit)[ \t]*\n(?P<body>.*?)(?=^>>>|<\|eot_id\|>|\Z)"): _named,
    re.compile(r"✿FUNCTION✿:\s*(?P<name>[\w.:-]+)\s*✿ARGS✿:(?P<body>.*?)(?=✿|\Z)", re.DOTALL): _named,
    re.compile(
        r"(?ims)^[ \t]*(?:[*#]+[ \t]*)?action[*]*[ \t]*:[*]*[ \t]*`?(?P<name>[\w.:-]+)`?[ \t]*\n\s*"
        r"(?:[*#]+[ \t]*)?action[ _]input[*]*[ \t]*:[*]*"
        r"(?P<body>.*?)(?=^[ \t]*[*#]*(?:observation|thought|action|final answer)[*]*[ \t]*:|\Z)"
    ): _react,
}
"""A format's pattern → what reads a match of it."""


# --- a message that is nothing but a call ---


def whole_message(text: str) -> Sequence[CallText]:
    """The calls of a message of nothing else: JSON, fenced or not, YAML, or Python such as `exec(code="print(1)")`."""
    body = without_outer_fence(TOKEN.sub("", FINAL.sub("", text)).strip())[0].strip()
    body = body.removeprefix("functools").removeprefix("await ").lstrip()
    if (labelled_call := ACTION.search(body)) is not None and (calls := _after_label(labelled_call["rest"].strip())):
        return calls
    calls = _json_calls(body) or calls_of_named(body) or python_calls(body) or _yaml_calls(body)
    if calls:
        return calls
    fenced = re.search(
        r"(?ms)```(?:json|tool_call|action|yaml)?[ \t]*\n(?P<body>\s*(?:[{\[]|-? *\w+:).*?)(?:\n?[ \t]*```|\Z)", text
    )
    if fenced is None:
        return _below_prose(text)
    return _json_calls(fenced["body"].strip()) or _yaml_calls(fenced["body"].strip())


def _after_label(text: str) -> list[CallText]:
    """The call behind `Action:`: as JSON, in Python, or as `exec[print(1)]`."""
    brackets = re.fullmatch(r"(?s)(?P<name>\w+)\[(?P<body>.*)\]", text)
    if brackets is not None and kind_of(brackets["name"]):
        return [CallText(plain_name(brackets["name"]), brackets["body"])]
    calls = _json_calls(text) or calls_of_named(text) or python_calls(text)
    if calls or (below := re.fullmatch(r"(?s)[`*]*(?P<name>\w+)[`*]*[ \t]*\n(?P<code>.+)", text)) is None:
        return calls
    is_code = kind_of(below["name"]) == "exec" and parses(below["code"])
    return [CallText("exec", below["code"])] if is_code else []


def _yaml_calls(text: str) -> list[CallText]:
    """`action: exec` and `code: …` on lines of their own."""
    found = labelled(re.sub(r"(?m)^[ -] ", "", text) if text.startswith("- ") else text)
    name = next((found.pop(key) for key in (*NAMES, *SORTS) if found.get(key, "").lower() in ALIASES), None)
    return [_call(name, found)] if name is not None and found else []


def python_calls(text: str) -> list[CallText]:
    """The calls in Python's notation; those of an expression that is anything else are none."""
    if not re.match(r"\[?\s*(?:print\s*\()?(?:\w+\.)*(?:think|exec|edit|submit|read_skill)(?:\.call)?\s*\(", text):
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
    match call:
        case ast.Call(func=ast.Name(id="print"), args=[ast.Call() as shown]):
            return _python_call(shown)
    names = ast.unparse(call.func).split(".")
    name = next((name for name in names if name in ALIASES), names[-1])
    given = {keyword.arg or "": ast.literal_eval(keyword.value) for keyword in call.keywords}
    given |= {f"#{number}": ast.literal_eval(value) for number, value in enumerate(call.args)}
    return CallText(name, json.dumps(given, default=str))
