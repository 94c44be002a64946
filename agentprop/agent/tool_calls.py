"""The four actions as functions that a model may call: their schemas, and native calls → the tagged text that is kept.

A call is written as the tagged block that means the same, so that one record format serves both protocols and the
environment parses actions in one place. A reply that is not one usable call keeps its text, with the reason beside it.

Docstrings of the classes and fields below are the descriptions that a server is sent: they are part of the prompt.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, ValidationError, model_validator

from agentprop.models.chat import Choice, Message, Tool, ToolCall
from agentprop.records import Action, AnswerType, Part, Submission, TestCase
from agentprop.records import action_text as protocol
from agentprop.records.action_text import Malformed

PROMPT = "proposer_functions"
"""System prompt that is sent in place of the recorded one, which explains the tags."""
SWALLOWED = re.compile(r"[\b\f\r\t](?=[A-Za-z])")
"""Control characters that JSON makes of LaTeX with a single backslash: \\frac, \\binom, \\rho, \\times."""

Stripped = Annotated[str, StringConstraints(strip_whitespace=True)]
SkillName = Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]


class Arguments(Part):
    """Arguments of one function; `action` is the action that a call of it means."""

    model_config = ConfigDict(coerce_numbers_to_str=True)


class Think(Arguments):
    """Plan, reflect, audit the logic; nothing is run."""

    text: str
    """The reflection."""

    def action(self) -> Action:
        return Action(kind="think", text=self.text)


class Exec(Arguments):
    """Run Python in a sandbox; the answer is what it prints."""

    code: str
    """The program, or only read_skill("NAME") to see how a skill is used."""

    def action(self) -> Action:
        return Action(kind="exec", text=self.code)


class Edit(Arguments):
    """Change the active skills."""

    edit: Literal["prune", "add", "replace"]
    """What is done to `skill`."""
    skill: SkillName
    """The skill that is pruned, added or replaced."""
    replacement: SkillName | None = None
    """The skill that takes its place, for replace alone."""
    reason: Stripped
    """Why."""

    @model_validator(mode="after")
    def _replaces(self) -> Self:
        if (self.edit == "replace") != (self.replacement is not None):
            raise ValueError("`replacement` goes with replace, and with nothing else")
        return self

    def action(self) -> Action:
        return Action(kind="edit", text=self.reason, edit=self.edit, skill=self.skill, replacement=self.replacement)


class TestArgument(Part):
    """One hidden test of a program."""

    arguments: list[Any] | str
    """Positional arguments; as one text, a Python literal, if JSON has no word for a type, such as a tuple."""
    expected: Any
    """What the program returns; a Python literal too if the arguments are one."""

    def case(self) -> TestCase:
        """The test as it is stored."""
        if isinstance(self.arguments, list):
            return TestCase.of(self.arguments, self.expected)
        return TestCase(arguments=self.arguments, expected=str(self.expected))


class Submit(Arguments):
    """Submit the finished problem."""

    statement: Stripped
    """What a solver is given."""
    answer: Stripped
    """The answer; for a program its source."""
    answer_type: AnswerType
    """Kind of the answer."""
    unit: str | None = None
    """Unit of a quantity."""
    figures: int | None = None
    """Significant figures the statement asks for."""
    certificate: str = ""
    """Python that assigns the answer's value to `answer`."""
    tests: tuple[TestArgument, ...] = ()
    """Hidden tests, for a program alone."""

    @model_validator(mode="after")
    def _doubled(self) -> Self:
        if SWALLOWED.search(self.statement if self.answer_type == "program" else f"{self.statement} {self.answer}"):
            raise ValueError("a control character stands where LaTeX was meant; in JSON a backslash is written twice")
        return self

    def action(self) -> Action:
        tests = tuple(test.case() for test in self.tests)
        submission = Submission(
            statement=self.statement,
            answer=self.answer,
            answer_type=self.answer_type,
            unit=self.unit,
            figures=self.figures,
            certificate=self.certificate,
            tests=tests,
        )
        return Action(kind="submit", submission=submission)


FUNCTIONS: dict[str, type[Think] | type[Exec] | type[Edit] | type[Submit]] = {
    "think": Think,
    "exec": Exec,
    "edit": Edit,
    "submit": Submit,
}
ONE = f"call exactly one of {', '.join(FUNCTIONS)}"


def _schema(arguments: type[Arguments]) -> dict[str, Any]:
    """JSON Schema of the arguments without titles and references, because some servers cannot resolve them."""
    found = arguments.model_json_schema()
    parts = found.pop("$defs", {})

    def plain(node: Any) -> Any:
        if isinstance(node, dict) and "$ref" in node:
            return plain(parts[node["$ref"].rpartition("/")[2]])
        if isinstance(node, dict):
            return {key: plain(value) for key, value in node.items() if key != "title"}
        return [plain(value) for value in node] if isinstance(node, list) else node

    return {key: value for key, value in plain(found).items() if key != "description"}


TOOLS = tuple(Tool(name, kind.__doc__ or "", _schema(kind)) for name, kind in FUNCTIONS.items())
"""The four actions as tools of a chat request."""


# --- calls → tagged text ---


def message_of_calls(choice: Choice) -> tuple[str, str | None]:
    """A reply → (the message that is recorded, its fault or None). Reasoning is not part of the message."""
    calls = without_repeats(choice.tool_calls)
    if not calls:
        return choice.text, None if "<action:" in choice.text else uncalled()
    try:
        blocks = "\n".join(tagged_block(call) for call in calls)
    except Malformed as error:
        return unread(choice), str(error)
    fault = f"{len(calls)} functions were called; {ONE}" if len(calls) > 1 else None
    return f"{choice.text}\n{blocks}".strip(), fault


def uncalled() -> str:
    """The fault of a reply without a call."""
    return f'no function was called; {ONE}, for example exec with {{"code": "print(6 * 7)"}}'


def unread(choice: Choice) -> str:
    """The message of a reply whose calls cannot be used: its text, and the calls as JSON."""
    return f"{choice.text}\n{_as_text(without_repeats(choice.tool_calls))}".strip()


def without_repeats(calls: Sequence[ToolCall]) -> tuple[ToolCall, ...]:
    """Drop calls that only repeat an earlier one under another id."""
    found: dict[tuple[str, str], ToolCall] = {}
    for call in calls:
        found.setdefault((call.name, call.arguments), call)
    return tuple(found.values())


def tagged_block(call: ToolCall) -> str:
    """The tagged block of a call. Raises Malformed with a correction that the model can act on."""
    kind = FUNCTIONS.get(call.name)
    if kind is None:
        raise Malformed(f"there is no function {call.name[:80]}; {ONE}")
    try:
        block = protocol.write(kind.model_validate(_read(call)).action())
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'all'}: {e['msg']}" for e in error.errors())
        raise Malformed(f"the arguments of {call.name} cannot be used: {faults[:500]}") from None
    if protocol.write(protocol.parse(block)) != block:
        raise Malformed(f"the arguments of {call.name} contain tags that end the action: leave them out")
    return block


def _read(call: ToolCall) -> dict[str, Any]:
    """The arguments of a call. Unescaped line breaks are accepted, because models often write them."""
    try:
        found = json.loads(call.arguments, strict=False)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"the arguments of {call.name} are not valid JSON: {error}") from None
    if not isinstance(found, dict):
        raise Malformed(f"the arguments of {call.name} are not a JSON object")
    return found


def _as_text(calls: Sequence[ToolCall]) -> str:
    """Calls as plain JSON text, escaped so that nothing in them is read as an action block."""
    lines = [json.dumps({"name": call.name, "arguments": call.arguments}, ensure_ascii=False) for call in calls]
    return "\n".join(lines).replace("<", "\\u003c")


def call_text(block: str) -> str:
    """A tagged block → the call that means the same, as text for an example: `exec {"code": "…"}`."""
    action = protocol.parse(block)
    match action.kind:
        case "think":
            given: dict[str, Any] = {"text": action.text}
        case "exec":
            given = {"code": action.text}
        case "edit":
            new = {"replacement": action.replacement} if action.replacement else {}
            given = {"edit": action.edit, "skill": action.skill, **new, "reason": action.text}
        case "submit":
            given = _submit_arguments(action)
    return f"{action.kind} {json.dumps(given, ensure_ascii=False)}"


def _submit_arguments(action: Action) -> dict[str, Any]:
    s = action.submission
    assert s is not None  # parse() makes no submit action without one
    tests = [dict(zip(("arguments", "expected"), test.values(), strict=True)) for test in s.tests]
    shared = {"statement": s.statement, "answer": s.answer, "answer_type": s.answer_type}
    given = {"unit": s.unit, "figures": s.figures, "certificate": s.certificate, "tests": tests}
    return {**shared, **{name: value for name, value in given.items() if value}}


# --- the conversation as it is sent ---


def assistant_message(choice: Choice, message: str) -> Message:
    """A reply as it is sent back: with its calls, or as plain text if a server might refuse them."""
    try:
        calls = tuple(_sendable(call) for call in without_repeats(choice.tool_calls))
    except Malformed:
        return Message("assistant", message)
    return Message("assistant", choice.text, calls, echo=choice.echo)


def _sendable(call: ToolCall) -> ToolCall:
    """The call with arguments that every server can read. Raises Malformed if it cannot be sent as a call."""
    if call.name not in FUNCTIONS:
        raise Malformed(f"there is no function {call.name[:80]}")
    arguments = json.dumps(_read(call), ensure_ascii=False)
    return replace(call, arguments=arguments.encode("utf-8", "replace").decode())  # a text may hold lone surrogates


def storable(text: str) -> str:
    """The text without lone surrogates."""
    return text.encode("utf-8", "replace").decode("utf-8")


@dataclass(frozen=True)
class SentReply:
    """A reply as it is sent back."""

    message: Message | None
    """With its calls; None if it had none, so that the text of the record is sent."""
    refused: bool = False
    """Its calls were refused together, with one answer."""
    turns: int = 1
    """Turns that came of it, one for each call that was carried out."""

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The calls that have an answer, in order."""
        if self.message is None:
            return ()
        return self.message.tool_calls if self.refused else self.message.tool_calls[: self.turns]


def conversation(history: Sequence[tuple[str, str]], replies: Sequence[SentReply], system: str) -> tuple[Message, ...]:
    """(role, text) pairs of the record → messages: `replies` for assistant texts, observations as call results.

    `system` is sent in place of the recorded system text, which explains the tags.
    """
    return tuple(_messages(history, iter(replies), system))


def _messages(history: Sequence[tuple[str, str]], replies: Iterator[SentReply], system: str) -> Iterator[Message]:
    sent, turn = SentReply(None), 0
    for role, text in history:
        if role == "assistant":
            turn += 1
            if turn > sent.turns or not sent.turns or turn == 1:
                sent, turn = next(replies), 1
            if turn == 1 and sent.message is not None:
                yield replace(sent.message, tool_calls=sent.calls)
            elif not sent.calls:
                yield Message("assistant", text)
        elif role == "tool" and sent.calls:
            answered = sent.calls if sent.refused else sent.calls[turn - 1 : turn]
            yield from (Message("tool", text, tool_call_id=call.id) for call in answered)
        else:
            yield Message("system", system) if role == "system" else Message("user", text)
