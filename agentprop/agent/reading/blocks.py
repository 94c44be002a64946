"""A message → the blocks in it, in order: actions in tags however they are written, calls as text, without thinking.

    "Sure!\\n<think>hm</think>\\n<action type='exec'>print(1)</action>"   →   Block("exec", "print(1)", ("tag",))

A block ends at its own closing tag; without one at any closing tag of an action, then where the next block opens, then
at the end of the message.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import repeat

from agentprop.agent.reading.call_texts import CALL_FORMATS, CallText, calls_within, python_calls, whole_message
from agentprop.agent.reading.labels import labelled
from agentprop.agent.reading.mending import FENCE, INVISIBLE, WIDE, parses, unescaped
from agentprop.agent.reading.names import KINDS, kind_of

STRICT = re.compile(r"<action:(think|exec|edit|submit)>\n?")
OPENING = re.compile(r"[<\[]\|?\s*action(?=[\s:=_\-\"'>\]|])(?P<inside>[^<>\[\]|…]*)\|?\\?[>\]]\n?", re.IGNORECASE)
BARE = re.compile(
    r"(?m)^[ \t]*<(?P<inside>exec|execute|execute_ipython|execute_python|edit|submit|submission)\s*>\n?", re.IGNORECASE
)
CLOSING = re.compile(r"[<\[]\|?\s*[/\\]+\s*action[^<>\[\]]*(?:[>\]]|\Z)", re.IGNORECASE)
ATTRIBUTE = re.compile(r"""([\w-]+)\s*=\s*["“']([^"“”]*)["”']""")
CUT = re.compile(r"</[a-z:]{0,8}\Z", re.IGNORECASE)
"""The beginning of a closing tag at the end of a message."""
THINKING = re.compile(
    r"<\s*(?P<tag>(?:\w+:)?think|thinking|thoughts?|reasoning|reflection|scratch_?pad|analysis|inner_monologue)\s*>"
    r"|(?P<bracket>\[THINK\])|(?P<kimi>◁think▷)|(?P<begun><\|(?:begin_of_thought|START_THINKING)\|>)"
    r"|(?P<harmony><\|channel\|>\s*analysis\s*<\|message\|>)"
    r"|(?P<bare>\Aanalysis(?=\S.*assistant(?:final|commentary)))"
    r"|(?P<fence>^```(?:think|thinking|thoughts?|reasoning)[ \t]*\n)",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)
THOUGHT = re.compile(
    r"(?m)</\s*(?:\w+:)?think(?:ing)?\s*>|\[/THINK\]|◁/think▷|<\|(?:end_of_thought|END_THINKING)\|>", re.IGNORECASE
)
HARMONY_END = re.compile(r"<\|end\|>|<\|start\|>[a-z]*")
BARE_END = re.compile(r"assistant(?:final|(?=commentary))")
END = (
    r"<\|(?:im_end|eot_id|eom_id|endoftext|end_of_text|return|END_OF_TURN_TOKEN)\|>|</s>|<eos>|<end_of_turn>"
    r"|<｜end▁of▁sentence｜>"
)
"""Token with which a turn ends."""
MOST_ENDS = 4
"""Tokens that are taken off the end of a message."""
ENDED = re.compile(rf"(?:{END}|<end_code>)\Z")
LABELS = (
    "observation|output|tool|tool[ _](?:output|response|result)|result|stdout|user|human|environment"
    "|execution[ _](?:result|output)|code[ _]output"
)
INVENTED = re.compile(
    r"(?im)^[ \t]*(?:\[(?:draft|check|refine|finalize)\](?!\()"
    rf"|(?:[#>*_]+[ \t]*)?(?:{LABELS})[*_]*[ \t]*:(?![ \t]*[\w.\[\], |]+=[^=])|#+[ \t]*(?:{LABELS})[ \t]*$"
    r"|<(?:observation|output|result|tool_response|tool_result|stdout)\b|```(?:output|result|stdout|observation|console)\b"
    r"|<\|start\|>)"
    r"|<\|(?:im_start|start_header_id|user|observation|tool|USER_TOKEN)\|>|<start_of_turn>|\[/?INST\]|\[TOOL_RESULTS\]"
    rf"|<｜(?:User|tool▁outputs▁begin)｜>|(?:{END})\s*(?!{END})(?=\S)"
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
    rest: str = ""
    """What is neither a block nor thinking."""


def blocks_of(message: str) -> FoundBlocks:
    """Find the blocks of a message; an answer that it invents after a block ends the search."""
    text, repairs = _without_thought(message)
    for name, change in VARIANTS:
        changed = change(text)
        found = _found(changed)
        if found.blocks:
            return replace(found, repairs=(*repairs, *([name] if changed != text else []), *found.repairs))
    found = _found(text)
    blocks, more = _without_tags(found.rest)
    return FoundBlocks(blocks, (*repairs, *found.repairs, *more), found.rest)


def _without_tags(text: str) -> tuple[tuple[Block, ...], tuple[str, ...]]:
    """(blocks, repairs) of a text that has no tags of actions: sections, calls, or a fence that names an action."""
    if SECTION.search(text) and ANSWER.search(text):
        return (Block("submit", text, ("tag",)),), ()
    if {"statement", "answer", "certificate"} <= labelled(text).keys():
        return (Block("submit", text, ("tag",)),), ()
    calls = whole_message(text)
    if calls:
        return tuple(map(_of_call, calls)), ("call",)
    named = [match for match in FENCE.finditer(text) if _fenced_kind(match)]
    named += CODE_TAG.finditer(text)
    for match in named[:1]:
        inner = python_calls(match["body"].strip())
        block = Block(_fenced_kind(match) or "exec", match["body"].strip("\n"), ("tag",))
        return tuple(map(_of_call, inner)) or (block,), ("call",) if inner else ()
    return (), ()


def _fenced_kind(match: re.Match[str]) -> str | None:
    """The action that the first line of a fence names, unless it names Python, which may be shown for any reason."""
    info = re.match(r"[ \t]*[`~]+[ \t]*(?:action[:= ])?(\w+)[ \t]*\n", match[0])
    return kind_of(info[1]) if info is not None and info[1].lower() not in ("python", "py", "python3", "code") else None


def _without_thought(message: str) -> tuple[str, tuple[str, ...]]:
    """Cut off thinking whose opening tag the server kept."""
    closing = THOUGHT.search(message)
    if closing is None or THINKING.search(message, 0, closing.start()):
        return message, ()
    opened = [match.end() for match in OPENING.finditer(message, 0, closing.start())]
    if opened and not CLOSING.search(message, opened[-1], closing.start()):
        return message, ()  # it stands inside a block, or closes one
    rest = message[closing.end() :]
    return (rest, ("thinking",)) if rest.strip() else (message, ())


def _undecorated(text: str) -> str:
    """Text without the emphasis, quotation, backslashes or second brackets around tags, and not quoted as a whole."""
    lines = text.strip().splitlines()
    text = "\n".join(line[1:].removeprefix(" ") for line in lines) if all(line[:1] == ">" for line in lines) else text
    text = re.sub(r"<<(/?\s*action[^<>]*)>>", r"<\1>", text, flags=re.IGNORECASE) if "<<" in text else text
    if "{" in text or ":action" in text or "<action:" in text:
        text = BRACED.sub(r"<\1>", text)
        text = SWAPPED.sub(r"<\1action:\2>", text)
        text = UNENDED.sub(r"\1>", text)
    bare = re.sub(r"\\(<\\?/?\s*action[^<>]*?)\\?>", r"\1>", text, flags=re.IGNORECASE)
    return re.sub(r"(?im)^[ \t]*([*_`]{1,3})([<\[]/?\s*action[^<>\[\]`]*[>\]])\1[ \t]*$", r"\2", bare)


BRACED = re.compile(r"(?im)^[ \t]*\{[ \t]*(/?[ \t]*action(?:[ \t]*[:=][ \t]*[\"']?\w+[\"']?)?)[ \t]*\}[ \t]*$")
SWAPPED = re.compile(r"(?i)<(/?)(think|exec|edit|submit):action>")
UNENDED = re.compile(r"(?m)^([ \t]*<action:(?:think|exec|edit|submit))[ \t]*$")
"""Tags in braces, `<exec:action>`, and an opening tag that lacks its last sign."""
VARIANTS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("tag", _undecorated),
    ("escapes", unescaped),
    ("characters", lambda text: text.translate(WIDE | INVISIBLE)),
)
"""Texts in which tags are looked for, one after the other; the first changes what parses as it stands, too."""
SECTION = re.compile(r"(?im)^[ \t]*<\s*(?:problem_)?statement\b[^<>]*>|</(?:problem_)?statement>")
ANSWER = re.compile(r"(?im)^[ \t]*<\s*(?:final_)?answer\b[^<>]*>|</(?:final_)?answer>")
CODE_TAG = re.compile(r"(?ims)^[ \t]*<(?P<tag>python|code|tool_code|ipython)>\n?(?P<body>.*?)(?:</(?P=tag)>|\Z)")


def _found(text: str) -> FoundBlocks:
    blocks: list[Block] = []
    repairs: list[str] = []
    rest: list[str] = []
    position = begun = 0
    openings = _Openings(text)
    while (opening := openings.next(position)) is not None:
        if blocks and INVENTED.search(text, begun, opening.start()):
            return FoundBlocks(tuple(blocks), (*repairs, "invented"))
        if opening.re in (OPENING, BARE) and not opens_block(text, opening):
            position = opening.end()
            continue
        rest.append(text[begun : opening.start()])
        if opening.re is THINKING:
            position = begun = _thinking_end(text, opening)
            repairs.append("thinking")
            continue
        if opening.re in (OPENING, BARE):
            block, position = _tagged(text, opening)
            blocks += [] if block is None else [block]
            begun = position
            continue
        calls = CALL_FORMATS[opening.re](opening)
        blocks += map(_of_call, calls)
        repairs += ["call"] if calls else []
        position = begun = opening.end()
    if blocks and INVENTED.search(text, begun):
        repairs.append("invented")
    return FoundBlocks(tuple(blocks), tuple(repairs), "".join([*rest, text[begun:]]))


def opens_block(text: str, opening: re.Match[str]) -> bool:
    """False for a tag that a sentence only mentions: it stands in the middle of a line, and nothing closes it.

    >>> text = "I will use `<action:exec>` to run it."
    >>> opens_block(text, OPENING.search(text))
    False
    """
    begin = text.rfind("\n", max(0, opening.start() - FAR), opening.start()) + 1
    before = text[max(begin, opening.start() - FAR) : opening.start()]
    if before.endswith("`") and text.startswith("`", opening.end()):
        return False
    line = TAGS.sub("", re.split(r"</think>|assistantfinal", before)[-1])
    label = re.search(r":\s*[*`]*\Z", line) is not None
    if not re.search(r"\w", NUMBERING.sub("", line)) or (label and not re.match(r"[`,]", text[opening.end() :])):
        return True
    if opening[0].endswith("\n"):
        return True
    following = OPENING.search(text, opening.end())
    closing = CLOSING.search(text, opening.end(), len(text) if following is None else following.start())
    if closing is None:  # a stop sequence may have cut it off
        body = text[opening.end() : None if following is None else following.start()]
        return (parses(body) and "(" in body) or SECTION.search(body) is not None
    return True


TAGS = re.compile(r"<[^<>]*>|\[/?\w+\]|◁[^▷]*▷")
FAR = 400
"""Characters of a line that are looked at before a tag."""
NUMBERING = re.compile(r"\A\s*(?:\d+[.)]|(?i:step)\s*\d+[.:)])\s*")


class _Openings:
    """The openings of anything in a text; none is looked for twice, so that long texts stay cheap."""

    def __init__(self, text: str) -> None:
        self.text = text
        patterns = (OPENING, BARE, THINKING, *CALL_FORMATS)
        self.ahead: dict[re.Pattern[str], re.Match[str] | None] = {one: one.search(text) for one in patterns}

    def next(self, position: int) -> re.Match[str] | None:
        """The nearest one from a position on; positions only grow."""
        for pattern, match in self.ahead.items():
            if match is not None and match.start() < position:
                self.ahead[pattern] = pattern.search(self.text, position)
        found = [match for match in self.ahead.values() if match is not None]
        return min(found, key=lambda match: (match.start(), -match.end()), default=None)


def _thinking_end(text: str, opening: re.Match[str]) -> int:
    """Where thinking ends: after its closing tag, or else at the next action that begins a line, or at the end."""
    if opening["tag"]:
        closing = _balanced(text, opening)
    elif opening["harmony"]:
        closing = HARMONY_END.search(text, opening.end())
    elif opening["bare"]:
        closing = BARE_END.search(text, opening.end())
    elif opening["fence"]:
        closing = re.compile(r"(?m)^```[ \t]*$").search(text, opening.end())
    else:
        closing = THOUGHT.search(text, opening.end())
    if closing is not None:
        return closing.end()
    after = [re.compile(r"(?im)^[ \t]*[<\[]\s*action[\s:=]").search(text, opening.end())]
    after += [pattern.search(text, opening.end()) for pattern in CALL_FORMATS]
    starts = [found.start() for found in after if found is not None and _begins_line(text, found.start())]
    return min(starts, default=len(text))


def _balanced(text: str, opening: re.Match[str]) -> re.Match[str] | None:
    """The closing tag of thinking that may hold thinking; the first one if they are not balanced."""
    tag = re.compile(rf"<(/?)\s*{re.escape(opening['tag'])}\s*>", re.IGNORECASE)
    depth, first = 1, None
    for found in tag.finditer(text, opening.end()):
        depth += -1 if found[1] else 1
        first = found if first is None and found[1] else first
        if depth == 0:
            return found
    return first


def _begins_line(text: str, position: int) -> bool:
    """True at the beginning of a line, and at a token of a template, which stands nowhere by chance."""
    token = text.startswith(("<|", "<｜", "[TOOL_CALLS]"), position)
    return token or not text[text.rfind("\n", 0, position) + 1 : position].strip()


def _tagged(text: str, opening: re.Match[str]) -> tuple[Block | None, int]:
    """The block of an opening tag, and where it ends; None if the tag names no action."""
    words = re.findall(r"[a-z_]+", opening["inside"].lower())
    known = [word for word in map(str.strip, words, repeat("_")) if kind_of(word)]
    word = next((word for word in known if word in KINDS), next(iter(known), ""))
    attributes = dict(ATTRIBUTE.findall(opening["inside"]))
    if word and attributes.keys() & {"code", "text", "skill"}:
        return _of_attributes(text, opening, word, attributes)
    start = opening.end()
    end, after, closed = _end(text, start, word)
    body = text[start:end]
    if not word:
        first = re.match(r"\s*([a-z_]+)\s*[:\n]", body, re.IGNORECASE)
        if opening["inside"].strip() or first is None or kind_of(first[1]) is None:
            calls = () if opening["inside"].strip() else (*whole_message(body), *calls_within(body))
            return (_of_call(calls[0]) if calls else None), after
        word, body = first[1].lower(), body[first.end() :]
    repairs = [] if STRICT.fullmatch(opening[0]) and closed else ["tag" if closed else "unclosed"]
    if not closed and not STRICT.fullmatch(opening[0]):
        repairs.append("tag")
    return Block(kind_of(word) or "", body.removesuffix("\n"), tuple(repairs), word=word), after


def _of_attributes(text: str, opening: re.Match[str], word: str, given: dict[str, str]) -> tuple[Block, int]:
    """The block of a tag that holds its arguments itself: `<action:edit edit="prune" skill="a" reason="easy"/>`."""
    closed = opening["inside"].rstrip().endswith("/")
    end, after, _ = (opening.end(), opening.end(), True) if closed else _end(text, opening.end(), word)
    body = text[opening.end() : end].strip()
    arguments = {name: value for name, value in given.items() if name not in ("type", "name", "id")}
    if body:
        arguments.setdefault({"think": "text", "exec": "code"}.get(kind_of(word) or "", "reason"), body)
    return Block(kind_of(word) or "", json.dumps(arguments), ("tag",), call=True), after


def _end(text: str, start: int, word: str) -> tuple[int, int, bool]:
    """(end of a body, where to go on, a closing tag was found)."""
    own = text.find(f"</action:{word}>", start)
    following = _next_tag(text, start)
    if own >= 0 and (following is None or own < following or word != "think"):
        return own, own + len(f"</action:{word}>"), True
    nearest = CLOSING.search(text, start, len(text) if following is None else following)
    before = min(len(text) if nearest is None else nearest.start(), len(text) if following is None else following)
    other = re.compile(rf"</\s*{re.escape(word)}\s*>", re.IGNORECASE).search(text, start, before) if word else None
    nearest = nearest if other is None else other
    if nearest is not None:
        return nearest.start(), nearest.end(), True
    end = len(text) if following is None else following
    invented = INVENTED.search(text, start, end)
    if invented is not None:
        end, following = invented.start(), end
    body = CUT.sub("", _without_end(text[start:end]))
    return start + len(body.rstrip()), end if following is None else following, False


def _without_end(text: str) -> str:
    """The text without blanks and tokens at its end."""
    for _ in range(MOST_ENDS):
        text = ENDED.sub("", text.rstrip())
    return text


def _next_tag(text: str, start: int) -> int | None:
    """Where the next strict or loose action tag begins a line."""
    found = re.compile(r"(?im)^[ \t]*[<\[]\s*action[\s:=]").search(text, start)
    return None if found is None else found.start()


def _of_call(call: CallText) -> Block:
    return Block(call.name, call.arguments, call=True)
