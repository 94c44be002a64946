"""A message → the blocks in it, in order: actions in tags however they are written, calls as text, without thinking.

    "Sure!\\n<think>hm</think>\\n<action type='exec'>print(1)</action>"   →   Block("exec", "print(1)", ("tag",))

A block ends at its own closing tag; without one at any closing tag of an action, then where the next block opens, then
at the end of the message.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from agentprop.agent.reading.call_texts import CALL_FORMATS, CallText, whole_message

KINDS = ("think", "exec", "edit", "submit")
ALIASES = {
    **{kind: kind for kind in KINDS},
    **dict.fromkeys(("thinking", "thought", "reflect", "reflection", "plan", "reason", "reasoning"), "think"),
    **dict.fromkeys(("execute", "python", "py", "code", "run", "tool", "run_python", "code_interpreter"), "exec"),
    **dict.fromkeys(("prune", "add", "replace"), "edit"),
    **dict.fromkeys(("submission", "final", "finalize", "submit_problem"), "submit"),
    "read_skill": "exec",
}
"""What models call an action, and the action."""
STRICT = re.compile(r"<action:(think|exec|edit|submit)>\n?")
OPENING = re.compile(r"[<\[]\s*action(?=[\s:=_\-\"'>\]])(?P<inside>[^<>\[\]|…]*)[>\]]\n?", re.IGNORECASE)
BARE = re.compile(r"(?m)^[ \t]*<(?P<inside>exec|execute|edit|submit|submission)\s*>\n?", re.IGNORECASE)
CLOSING = re.compile(r"[<\[]\s*/\s*action[^<>\[\]]*[>\]]", re.IGNORECASE)
THINKING = re.compile(
    r"<\s*(?P<tag>(?:\w+:)?think|thinking|thoughts?|reasoning|reflection|scratchpad|analysis|inner_monologue)\s*>"
    r"|(?P<bracket>\[THINK\])|(?P<kimi>◁think▷)|(?P<begun><\|begin_of_thought\|>)"
    r"|(?P<harmony><\|channel\|>\s*analysis\s*<\|message\|>)",
    re.IGNORECASE,
)
THOUGHT = re.compile(r"(?m)</\s*(?:\w+:)?think(?:ing)?\s*>|\[/THINK\]|◁/think▷|<\|end_of_thought\|>", re.IGNORECASE)
INVENTED = re.compile(
    r"(?im)^[ \t]*(?:\[(?:draft|check|refine|finalize)\](?!\()|(?:observation|output|tool|tool output|result|stdout"
    r"|user|environment)[ \t]*:|<(?:observation|output|result|tool_response|tool_result|stdout)\b|<\|(?:im_start|im_end"
    r"|eot_id|start_header_id|start)\|>)"
)
"""Line with which a model writes the answer to its own action."""


@dataclass(frozen=True)
class Block:
    """One action or call that a message holds."""

    kind: str
    """think, exec, edit or submit; the name of the function for a call."""
    body: str
    """The text between the tags, or the arguments of a call."""
    repairs: tuple[str, ...] = ()
    """What had to be mended to find it."""
    call: bool = False
    """The body holds the arguments of a call."""
    word: str = ""
    """What the message calls the action."""


@dataclass(frozen=True)
class FoundBlocks:
    """The blocks of a message, and what became of the rest."""

    blocks: tuple[Block, ...]
    """Blocks in order."""
    repairs: tuple[str, ...] = ()
    """What had to be set apart or mended around them."""


def blocks_of(message: str) -> FoundBlocks:
    """Find the blocks of a message; an answer that it invents after a block ends the search."""
    text, repairs = _without_thought(message)
    found = _found(text)
    if not found.blocks and "&lt;" in text:
        unescaped = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")
        found, repairs = _found(unescaped), (*repairs, "escapes")
    if not found.blocks:
        calls = whole_message(text)
        found = FoundBlocks(
            tuple(_of_call(call) for call in calls), (*found.repairs, "call") if calls else found.repairs
        )
    return FoundBlocks(found.blocks, (*repairs, *found.repairs))


def _without_thought(message: str) -> tuple[str, tuple[str, ...]]:
    """Cut off thinking whose opening tag the server kept, if an action follows it."""
    closing = THOUGHT.search(message)
    if closing is None or THINKING.search(message, 0, closing.start()):
        return message, ()
    rest = message[closing.end() :]
    return (rest, ("thinking",)) if _next(rest, 0) is not None else (message, ())


def _found(text: str) -> FoundBlocks:
    blocks: list[Block] = []
    repairs: list[str] = []
    position = 0
    while (opening := _next(text, position)) is not None:
        if blocks and INVENTED.search(text, position, opening.start()):
            return FoundBlocks(tuple(blocks), (*repairs, "invented"))
        if opening.re is THINKING:
            position = _thinking_end(text, opening)
            repairs.append("thinking")
            continue
        if opening.re in (OPENING, BARE):
            block, position = _tagged(text, opening)
            blocks += [] if block is None else [block]
            continue
        calls = CALL_FORMATS[opening.re](opening)
        blocks += map(_of_call, calls)
        repairs += ["call"] if calls else []
        position = opening.end()
    if blocks and INVENTED.search(text, position):
        repairs.append("invented")
    return FoundBlocks(tuple(blocks), tuple(repairs))


def _next(text: str, position: int) -> re.Match[str] | None:
    """The nearest opening of anything, from a position on."""
    patterns = (OPENING, BARE, THINKING, *CALL_FORMATS)
    found = [match for pattern in patterns if (match := pattern.search(text, position)) is not None]
    return min(found, key=lambda match: (match.start(), -match.end()), default=None)


def _thinking_end(text: str, opening: re.Match[str]) -> int:
    """Where thinking ends: after its closing tag, or else at the next action that begins a line, or at the end."""
    if opening["tag"]:
        closing = re.compile(rf"</\s*{re.escape(opening['tag'])}\s*>", re.IGNORECASE).search(text, opening.end())
    elif opening["harmony"]:
        closing = re.compile(r"<\|end\|>|<\|start\|>[a-z]*").search(text, opening.end())
    else:
        closing = THOUGHT.search(text, opening.end())
    if closing is not None:
        return closing.end()
    after = re.compile(r"(?im)^[ \t]*[<\[]\s*action[\s:=]").search(text, opening.end())
    return after.start() if after is not None else len(text)


def _tagged(text: str, opening: re.Match[str]) -> tuple[Block | None, int]:
    """The block of an opening tag, and where it ends; None if the tag names no action."""
    words = re.findall(r"[a-z_]+", opening["inside"].lower())
    word = next((word for word in words if word in ALIASES), "")
    start = opening.end()
    end, after, closed = _end(text, start, word)
    body = text[start:end]
    if not word:
        first = re.match(r"\s*([a-z_]+)\s*[:\n]", body, re.IGNORECASE)
        if opening["inside"].strip() or first is None or first[1].lower() not in ALIASES:
            calls = () if opening["inside"].strip() else whole_message(body)
            return (_of_call(calls[0]) if calls else None), after
        word, body = first[1].lower(), body[first.end() :]
    repairs = [] if STRICT.fullmatch(opening[0]) and closed else ["tag" if closed else "unclosed"]
    if not closed and not STRICT.fullmatch(opening[0]):
        repairs.append("tag")
    return Block(ALIASES[word], body.removesuffix("\n"), tuple(repairs), word=word), after


def _end(text: str, start: int, word: str) -> tuple[int, int, bool]:
    """(end of a body, where to go on, a closing tag was found)."""
    own = text.find(f"</action:{word}>", start)
    following = _next_tag(text, start)
    if own >= 0 and (following is None or own < following or word != "think"):
        return own, own + len(f"</action:{word}>"), True
    ways = [rf"</\s*{re.escape(word)}\s*>"] if word else []
    closings = [CLOSING.search(text, start), *(re.compile(way, re.IGNORECASE).search(text, start) for way in ways)]
    nearest = min((c for c in closings if c is not None), key=lambda c: c.start(), default=None)
    if nearest is not None and (following is None or nearest.start() < following):
        return nearest.start(), nearest.end(), True
    end = len(text) if following is None else following
    invented = INVENTED.search(text, start, end)
    return (end if invented is None else invented.start()), end, False


def _next_tag(text: str, start: int) -> int | None:
    """Where the next strict or loose action tag begins a line."""
    found = re.compile(r"(?im)^[ \t]*[<\[]\s*action[\s:=]").search(text, start)
    return None if found is None else found.start()


def _of_call(call: CallText) -> Block:
    return Block(call.name, call.arguments, call=True)
