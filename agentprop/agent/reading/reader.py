"""A message or native calls → actions with their canonical text.

think + exec in one message                  → two actions, carried out in turn
exec, an invented observation, submit        → the exec; what follows was written without seeing its result
one block as the strict parser reads it      → that action, and the message word for word
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from agentprop.agent.reading.blocks import INVENTED, OPENING, STRICT, THINKING, THOUGHT, Block, blocks_of
from agentprop.agent.reading.call_texts import calls_of_json
from agentprop.agent.reading.fields import READS, STRICT_EDIT, Call, calls_of
from agentprop.agent.reading.mending import LANGUAGE, mend_code, parses
from agentprop.agent.reading.names import plain_name
from agentprop.agent.reading.submission import other_sections
from agentprop.agent.tool_calls import FUNCTIONS
from agentprop.models.chat import ToolCall
from agentprop.records import Action
from agentprop.records import action_text as protocol
from agentprop.records.action_text import Malformed

DOES = re.compile(r"[=(]|^\s*(?:import|from)\b", re.MULTILINE)
"""Code that does something; a value alone is shown output."""
WHOLE = frozenset({"statement", "answer", "certificate"})
"""Sections that make a submission, whether a tag is around them or not."""
ENDS = frozenset({"exec", "submit"})
"""Actions whose answer the next one depends on: what a message holds after one of them is not read."""


@dataclass(frozen=True)
class MessageReading:
    """What a message means."""

    actions: tuple[tuple[str, Action], ...]
    """Canonical text and action, in order; at least one."""
    repairs: tuple[str, ...] = ()
    """What was mended, each name once."""


def read(message: str) -> MessageReading:
    """Read a message. Raises Malformed with a correction that the model can act on."""
    if len(message) > protocol.MAX_MESSAGE:
        raise Malformed(f"the message is longer than {protocol.MAX_MESSAGE} characters", kind="length", example="")
    plain = message.replace("\r\n", "\n").replace("\r", "\n")
    if plain != message:
        found = read(plain)
        return MessageReading(found.actions, ("line ends", *found.repairs))
    try:
        strict = protocol.parse(message)
    except Malformed as fault:
        return _loosely(message, fault)
    if _is_plain(message, strict):
        return MessageReading(((message, strict),))
    try:
        return _loosely(message, Malformed(""))
    except Malformed as fault:
        if fault.kind == "thinking":
            raise
        return MessageReading(((message, strict),))  # nothing else that is well formed is refused


def read_calls(calls: Sequence[ToolCall]) -> MessageReading:
    """Read native calls. Raises Malformed."""
    return _reading(Block(*named, call=True) for call in calls for named in _at_once(call))


def _at_once(call: ToolCall) -> Sequence[tuple[str, str]]:
    """The calls that a call of `multi_tool_use.parallel` holds, which models invent; otherwise the call itself."""
    several = calls_of_json(call.arguments) if plain_name(call.name) == "parallel" else ()
    return several or ((call.name, call.arguments),)


def _is_plain(message: str, action: Action) -> bool:
    """True if the strict parser has read what was meant: no thinking, fence, escape or invented answer is in it."""
    if THINKING.search(message) or THOUGHT.search(message):
        return False
    opening = STRICT.search(message)
    end = message.find(f"</action:{action.kind}>")
    if opening is None or INVENTED.search(message, end):
        return False
    if action.kind == "exec":
        return parses(action.text) and not LANGUAGE.match(action.text) and not _reads(action)
    if action.kind == "edit":
        return STRICT_EDIT.fullmatch(action.text.partition("\n")[0].strip()) is None
    if action.kind == "submit":
        block = Block("submit", message[opening.end() : end].removesuffix("\n"))
        try:
            return not calls_of(block)[1]
        except Malformed:
            return True
    return True


def _reads(action: Action) -> bool:
    """True if the action may only show a skill."""
    return action.kind == "exec" and any(name in action.text for name in READS)


def _loosely(message: str, fault: Malformed) -> MessageReading:
    found = blocks_of(message)
    if not found.blocks:
        if other_sections(found.rest)[0].keys() >= WHOLE:
            return _reading([Block("submit", found.rest)], ("tag",))
        code = _code_alone(found.rest)
        if code is None:
            raise _only_thought() if "thinking" in found.repairs and OPENING.search(message) else fault
        return _reading([Block("exec", code)], ("tag", "fence"))
    return _reading(found.blocks, found.repairs)


def _only_thought() -> Malformed:
    """The correction of a message whose thinking alone holds an action."""
    told = "the action stands inside the thinking, which is not read: write it after the thinking has ended"
    return Malformed(told, kind="thinking", example=protocol.EXAMPLES["message"])


def _code_alone(message: str) -> str | None:
    """The code of a message that has no tags at all, but fenced Python; what it prints is not for the model to say."""
    message = message.replace("<end_code>", "")
    invented = INVENTED.search(message, max(message.find("```"), 0))
    message = message if invented is None else message[: invented.start()]
    if "```py" not in message.lower() and not message.lstrip().startswith("```\n"):
        return None
    code, names = mend_code(message)
    return code if "fence" in names and parses(code) and DOES.search(code) else None


def _reading(blocks: Iterable[Block], repairs: tuple[str, ...] = ()) -> MessageReading:
    """The actions up to the first whose answer must be seen. Raises Malformed if the first block cannot be used."""
    actions: list[tuple[str, Action]] = []
    used, ended = list(repairs), False
    seen: set[tuple[str, str]] = set()
    given = list(blocks)
    written = [block for block in given if block.call or block.body.strip()]
    for number, block in enumerate(written or given):
        if (block.kind, block.body.strip()) in seen:
            continue  # said twice
        seen.add((block.kind, block.body.strip()))
        if ended:
            used.append("dropped")
            break
        try:
            made, names = _actions(block)
        except Malformed:
            if actions:
                used.append("dropped")
                break
            raise
        actions += made
        used += [*block.repairs, *names, *(["several"] if number else [])]
        ended = made[-1][1].kind in ENDS and not _reads(made[-1][1])
    return MessageReading(tuple(actions), tuple(dict.fromkeys(used)))


def _actions(block: Block) -> tuple[list[tuple[str, Action]], tuple[str, ...]]:
    calls, repairs = calls_of(block)
    return [_action(call) for call in calls], repairs


def _action(call: Call) -> tuple[str, Action]:
    """The action of a call, and its text, which the strict parser reads back. Raises Malformed."""
    name, arguments = call
    if name not in FUNCTIONS:
        raise Malformed(
            f"there is no function {name[:80]}; call one of {', '.join(FUNCTIONS)}", kind="call", example=""
        )
    try:
        text = protocol.write(FUNCTIONS[name].model_validate(arguments).action())
    except ValidationError as error:
        raise _unusable(name, error, arguments) from None
    action = protocol.parse(text)
    if protocol.write(action) != text:
        raise Malformed(f"the {name} contains tags that end the action: leave them out", kind=name)
    return text, action


def _unusable(name: str, error: ValidationError, arguments: Mapping[str, Any]) -> Malformed:
    """The correction of arguments that cannot be used."""
    faults = {".".join(map(str, e["loc"])) or "all": e for e in error.errors()}
    missing = [field for field, e in faults.items() if e["type"] == "missing"]
    if name == "submit" and {"statement", "answer"} & set(missing):
        return Malformed("a submission needs a statement, and an answer with its type", kind="submit")
    if name == "submit" and "answer_type" in faults:
        return protocol.unusable(error, arguments.get("answer_type"))
    told = "; ".join(f"{field}: {e['msg']}" for field, e in faults.items())
    return Malformed(f"the {name}'s arguments cannot be used: {told[:500]}", kind=name)
