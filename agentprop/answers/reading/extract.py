"""A response to the text of its answer: what stands in the last box, between answer tags, or after `the answer is`.

What a policy forbids is no answer: text of a thinking part that never closed, and, where a box is asked for, anything
outside one. Control tokens of chat templates are dropped. The functions return plain text; `reader` reads it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from agentprop.answers.reading.boxes import last_boxes
from agentprop.answers.reading.grammar import words
from agentprop.answers.reading.retractions import first_thought, instead, second_thought, taken_back

_MAX_RESPONSE = 4_000_000
"""Characters of a response that are looked at, from its end: answers stand last."""


@dataclass(frozen=True, slots=True)
class ExtractionPolicy:
    """What of a response counts as its answer."""

    box: Literal["optional", "required"] = "optional"
    """`required`: only a box holds an answer."""
    thinking: Literal["closed", "required"] = "closed"
    """`closed`: a thinking part that was opened must be closed; `required`: one must have been closed."""
    last_number: bool = False
    """Where nothing marks an answer, take the last number of the response."""


DEFAULT_POLICY = ExtractionPolicy()

_BROKEN_ESCAPE = re.compile(
    r"[\b](?=oxed|inom|egin\{|ar\{|eta\b)|\f(?=rac|box)|\t(?=ext\{|imes\b|heta\b|frac|an\s?[({])"
)
"""Commands whose first letter was taken for an escape on the way through JSON: `\\boxed` as a backspace and `oxed`."""
_CONTROL = re.compile(
    r"<\|[^<>|\n]{1,60}\|>|<｜[^<>｜\n]{1,60}｜>|</?s>|</?(?:eos|bos|pad|(?:start|end)_of_turn)>|\[/?INST\]"
)
_THINKING = re.compile(
    r"<(/?)(?:seed:)?(?:think(?:ing)?|thoughts?|reasoning)>|\[(/?)THINK\]|◁(/?)think▷"
    r"|<\|channel\|>(?:analysis|commentary)[^<]{0,40}<\|message\|>|(<\|channel\|>final[^<]{0,40}<\|message\|>)",
    re.IGNORECASE,
)
"""Where a thought opens, or closes if a group matched something; templates with channels close it by the final one."""
_TAG = re.compile(r"[<\[](/?)(?:final[_ -]?)?answer[>\]]", re.IGNORECASE)
_ESCAPED_TAG = re.compile(r"&lt;(/?(?:final[_ -]?)?answer)&gt;", re.IGNORECASE)
_LAST_ELEMENT = re.compile(
    r"<(solution|final|result|output|conclusion|final_result|ans)>\s*([^<>\n]{1,100}?)\s*</\1>\s*\Z", re.IGNORECASE
)
"""A short element at the end whose name says that it holds the answer."""
_WHOLE = re.compile(r"<(\w{2,20})>(?P<inside>[^<>]*)</\1>")
_FOREIGN = (
    r"|(?:(?<!\w)(?:antwort|lösung|ergebnis|réponse|respuesta|resposta|risposta|resultado|résultat|solución|ответ|odpowiedź"
    r"|antwoord|jawaban|cevap|svar|vastaus|απάντηση|răspuns"
    r"|відповідь|odpověď|válasz|đáp án)(?!\w)|(?<!\w)solution(?=\s+est\b)|答案|答え"
    r"|结果|正解|(?<![\u4e00-\u9fff])答|정답|답|उत्तर|الجواب|الإجابة|คำตอบ)"
    r"\s*(?:\*\*)?\s*(?:(?:lautet|ist|est|es|é|è)(?!\w)|[:：—=是为為は은]|\s-\s)\s*[:：]?(?:\*\*)?"
    r"|故[选填]\s*[:：]?|(?<![不未别])选\s*[:：]?\s*(?=[A-J](?![A-Za-z]))"
)
_ENGLISH = (
    r"(?<![a-zA-Z])(?:answers?|ans\b\.?)(?![a-zA-Z])(?:\s+to\s+(?:this|the)\s+(?:question|problem))?\s*(?:\*\*?|__?)?\s*"
    r"(?:(?:should|must|would|will|can)\s+be\b|is\b|are\b|[:：]|=>?|->|→|⇒|\\to\b|--|[–—]|\s-(?=\s))(?:\*\*?|__?)?:?"
    r"|\[(?:final )?answer\]:?|\banswer\s+(?=\(?[A-J]\)?\.?\s*$)|\bans\.\s+(?=[\d\\$(-])"
    r"|\b(?:result|solution)s?\s*(?:\*\*)?\s*(?:is\b|are\b|:|=)\s*:?(?:\*\*)?|####"
    r"|\b(?:best|correct|right)\s+(?:option|choice)\s*(?:is\b|:)\s*:?(?:\*\*)?"
    r"|(?:^|[.!?]\s+)correction\s*:(?=\s*[-\d$\\*])"
    r"|^[^\w\n]{0,12}(?:the[ \t]+)?(?:final[ \t]+)?answer[^\w\n]{0,8}\n"
)
_LEAD, _LEAD_OF_ALL = (re.compile(one, re.IGNORECASE | re.MULTILINE) for one in (_ENGLISH, _ENGLISH + _FOREIGN))
_LEADING = ("ans", "result", "solution", "option", "choice", "correction", "####")
_LEADING_ELSEWHERE = tuple(
    words("""
    antwo vastaus απάντηση răspuns lösung
    ergebnis réponse respuesta resposta risposta resultado résultat solución ответ odpow jawaban cevap svar
    відповідь odpověď válasz đáp est 答 结果 正解 답 उत्तर الجواب الإجابة คำตอบ 故 选
    """)
)
"""Of which every lead holds one, in small letters."""
_LEADING_IN_ASCII = tuple(filter(str.isascii, _LEADING_ELSEWHERE))
_BEFORE_LEAD = re.compile(
    r"(?:[\s*#_>✅:,-]|\\text\s*\{|\b(?:so|thus|therefore|hence|the|my|our|final|correct|right|and|then)\b)*",
    re.IGNORECASE,
)
_STRUCK = re.compile(r"~~(?=\S)[^~\n]{1,300}~~")
"""Struck out: not said any more."""
_QUOTED = re.compile(r"^\s*\n[ \t]*>[ \t]+")
"""A new line that is quoted: its sign is no comparison."""
_OWN_LINE = re.compile(
    r"([^\n]{0,80}[\w)}\]$*%.])[ \t]*\n[ \t]*[*_#]*(?!(?:[Oo]r|[Aa]nd|OR)\b)"
    r"(?:[A-Z]\w*[:,]?\**[ \t]+[^\n=]*[a-z]{2}[^\n=]*|(?:[Cc]onfidence|Explanation|Reasoning|Justification)\b[^\n]*)"
    r"(?:\n|$)"
)
"""An answer on a line of its own, and a line of prose below it."""
_FIRST_LINE = re.compile(
    r"([^\n]{1,80}?)[ \t]*\n\s*[*#_]*(?:explanation|reason(?:ing)?|justification|rationale)\b[^\w\n]{1,6}",
    re.IGNORECASE,
)
"""An answer before everything that is said of it."""
_EMPHASIS_END = re.compile(r"(?<=\S)(?:\*\*?|__)(?=[,.;:]|\s*$)|(?<=\S)\*\*(?=\s)")
_NOT_ANOTHER = re.compile(r",?\s{1,9}\(?(?:and\s+)?not\s+(?:\(?[A-J]\)?|[-$\\\d][^\s,]{0,30})\W{0,3}$")
"""`7, not 8`."""
_HEADING = re.compile(r"^#{1,6}[ \t]+")
_IS_BEHIND = re.compile(r"(?:です|だ|입니다|이다|이에요|であり?ます)\s*$")
"""The verb of languages that put it last."""
_WHICH_IS = re.compile(
    r",?\s{1,9}(?:which\s+is\s+(?:(?:an?|the|our|indeed|also|clearly|exactly|final|correct|required|desired|positive"
    r"|negative|even|odd|prime|composite)\s+){0,5}(?:even|odd|prime|composite|positive|negative|integer|number"
    r"|whole number|perfect (?:square|cube)|answer|result|maximum|minimum|desired|required)"
    r"|as (?:claimed|required|desired|expected|needed|wanted|requested))\W{0,3}$"
)
"""`42, which is even`: what is true of it anyway."""
_WHERE = re.compile(r",?\s{1,9}(?:which\s+is\s+)?(?:attained|achieved|reached)\s+(?:at|when|for|if|by)\s[^,]{1,60}$")
"""`7, attained at x = 2`: where an extreme value is taken."""
_REASON = re.compile(
    r"(?:\s{0,9}[,(]\s{0,9}(?:since|because)|\s{1,9}because)\b(?:(?!\b(?:or|but|otherwise|unless|if)\b).){1,300}$",
    re.DOTALL,
)
_SUPPOSED = re.compile(
    r"\b(?:if|whether|unless|suppos(?:e|ing)|assum(?:e|ing)|imagine)\s+(?:that\s+)?(?:(?:the|our|my)\s+)?"
    r"(?:(?:final|correct|right)\s+)?$",
    re.IGNORECASE,
)
"""Before an announcement that says nothing: `if the answer is 42`."""
_VALUE = re.compile(r"[-+−]?(?:\\?\$|\\boxed|\\[dt]?frac|\\sqrt|\d|\(?[A-J]\)?(?![A-Za-z]))")
_BULLETS = re.compile(r"(?:[ \t]*[-*•][ \t]+[^\n]{1,80}(?:\n|$)){2,10}")
_LAST_LINE = re.compile(r"\n[ \t]*\n[ \t>#]*\*\*([^*\n]{1,60})\*\*[ \t.]*\Z")
"""A last paragraph that is nothing but a value in bold."""
_ABBREVIATION = re.compile(
    r"\b(?:rs|approx|sq|cu|no|mr|st|vs|ca|a\.?m|p\.?m|e\.g|i\.e|min|max|pts?|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)$",
    re.IGNORECASE,
)
_OBJECT = re.compile(r"(?:.*```(?:json)?)?\s*\{(?P<inside>[^`]*)\}\s*(?:```)?\s*", re.DOTALL)
_KEY = re.compile(r"(?:^|,)\s*[\"'](\w[\w ]*)[\"']\s*:")
_ANSWER_KEYS = frozenset(("answer", "final_answer", "final answer", "finalanswer"))
_REMARK_KEYS = frozenset(("reasoning", "explanation", "thoughts", "thought", "rationale", "steps", "confidence"))
_SENTENCE_END = re.compile(r"[.!?](?=\s|$)|。|\n[ \t]*\n")
_LAST_NUMBER = re.compile(r"[+-]?(?:\d[\d,]*)?\.?\d+(?:/\d+)?%?")


def final_answer(response: str, policy: ExtractionPolicy = DEFAULT_POLICY) -> str:
    """The last explicit answer of a response; the response itself where none is marked; empty where none may count."""
    text = _spoken(response[-_MAX_RESPONSE:], policy)
    marked = _marked(text) if text else Marked("", 0)
    if marked is not None:
        return _standing(marked, text, policy)
    if policy.box == "required":
        return ""
    found = _in_object(text)
    if found is None and (announced := _announced(text)) is not None:
        found = _standing(announced, text, policy)
    if found is None and policy.last_number:
        numbers = _LAST_NUMBER.findall(text)
        return numbers[-1] if numbers else ""
    if found is None and (first := _FIRST_LINE.match(text.strip())) is not None:
        found = first[1]
    if found is None and text.rstrip()[-3:].rstrip(".").endswith("**") and (last := _LAST_LINE.search(text.rstrip())):
        found = last[1]
    if found is None:
        found = _without_aside(_unwrapped(text.strip()))
        found = f"{found[:-60]}{_NOT_ANOTHER.sub('', found[-60:])}" if " not " in found[-60:] else found
    return found


def gold_answer(text: str) -> str:
    """The answer that a right answer's text holds: as of a response, but never a fragment of a longer statement."""
    text = text[-_MAX_RESPONSE:]
    spoken = _spoken(text, DEFAULT_POLICY)
    marked = _marked(spoken, bounds=False)
    if marked is not None:
        return marked.answer
    lead = next(_leads(spoken), None)
    if lead is None or not (lead[0] == "####" or _BEFORE_LEAD.fullmatch(spoken[: lead.start()])):
        return spoken.strip()
    found = _announced(spoken)
    rest = spoken[lead.end() :].strip().rstrip("*_ .")
    return found.answer if found is not None and found.answer.rstrip("*_ .") == rest else spoken.strip()


def _spoken(text: str, policy: ExtractionPolicy) -> str:
    """What is said aloud: after the last closed thought, without control tokens; nothing inside an open thought."""
    text = _BROKEN_ESCAPE.sub(_escaped, text) if "\b" in text or "\f" in text or "\t" in text else text
    thoughts = list(_THINKING.finditer(text)) if "<" in text or "[" in text or "◁" in text else []
    if not thoughts and policy.thinking == "required":
        return ""
    if thoughts:
        text = text[thoughts[-1].end() :] if any(thoughts[-1].groups()) else ""
    text = _STRUCK.sub(" ", text) if "~~" in text else text
    return _CONTROL.sub(" ", text) if "<" in text or "[" in text else text


def _escaped(match: re.Match[str]) -> str:
    return {"\b": "\\b", "\f": "\\f", "\t": "\\t"}[match[0]]


class Marked(NamedTuple):
    """An answer in a box, between tags or after its announcement, and where in the text it ends."""

    answer: str
    end: int


def _marked(text: str, *, bounds: bool = True) -> Marked | None:
    found = last_boxes(text, bounds=bounds) if "box" in text else None
    if found is not None:
        return Marked(*found)
    if "&lt;" in text:
        text = _ESCAPED_TAG.sub(r"<\1>", text)
    return _tagged(text) if "<" in text or "[/" in text else None


def _standing(marked: Marked, text: str, policy: ExtractionPolicy) -> str:
    """The marked answer; if it is taken back behind its mark, what stands in its place, where that may count."""
    behind = text[marked.end :]
    turn = 0 if first_thought(text[: marked.end], behind) else taken_back(behind)
    if turn is None:
        return _announced_anew(marked.answer, behind, policy)
    if policy.box == "required":
        return ""
    start = instead(behind[turn:])
    return _closed(_first_sentence(behind[turn + start :])) if start is not None else ""


def _announced_anew(answer: str, behind: str, policy: ExtractionPolicy) -> str:
    """The answer, or the one that is announced behind a second thought on it (`Wait, … so the answer is 6`)."""
    if (thought := second_thought(behind)) is None or (anew := _announced(behind[thought:])) is None:
        return answer
    value, before = anew.answer.strip("$* "), answer.strip("$* ")
    if not _VALUE.match(value) or (value.startswith(before) and not value[len(before) :][:1].isalnum()):
        return answer
    return "" if policy.box == "required" else anew.answer


def _without_aside(text: str) -> str:
    """A short text without the signs of a heading in front of it, and what is true of its value anyway behind it."""
    if len(text) > 300 or "\n" in text:
        return text
    text = _HEADING.sub("", text) if text[:1] == "#" else text
    return _WHICH_IS.sub("", text) if "which is" in text or " as " in text[-20:] else text


def _unwrapped(text: str) -> str:
    """A text that is one element with any name, such as `<output>42</output>`, without its tags."""
    whole = _WHOLE.fullmatch(text) if text[:1] == "<" else None
    if whole is None and text[-1:] == ">" and (last := _LAST_ELEMENT.search(text[-300:])) is not None:
        return last[2]
    return whole["inside"].strip() if whole else text


# -- tags and announcements ------------------------------------------------------------------------------------------


def _tagged(text: str) -> Marked | None:
    """Between the last pair of answer tags, found in one pass."""
    opened: int | None = None
    found: Marked | None = None
    for tag in _TAG.finditer(text):
        if not tag[1]:
            opened = tag.end()
        elif opened is not None:
            found, opened = Marked(text[opened : tag.start()].strip(), tag.end()), None
    return found


def _in_object(text: str) -> str | None:
    """The answer of `{"reasoning": "…", "answer": "42"}`; None where anything else is an answer beside it."""
    match = _OBJECT.fullmatch(text) if "{" in text and "nswer" in text else None
    keys = list(_KEY.finditer(match["inside"])) if match else []
    names = [key[1].casefold() for key in keys]
    found = [k for k, name in enumerate(names) if name in _ANSWER_KEYS]
    if match is None or len(found) != 1 or not set(names) <= _ANSWER_KEYS | _REMARK_KEYS:
        return None
    following = [key.start() for key in keys[found[0] + 1 :]]
    value = match["inside"][keys[found[0]].end() : following[0] if following else None].strip()
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1].replace("\\\\", "\\") if quoted else value


def _leads(text: str) -> Iterator[re.Match[str]]:
    """What announces an answer; in languages other than English only where a word of them stands."""
    lowered = text.casefold()
    if any(sign in lowered for sign in (_LEADING_IN_ASCII if lowered.isascii() else _LEADING_ELSEWHERE)):
        return _LEAD_OF_ALL.finditer(text)
    return _LEAD.finditer(text) if any(sign in lowered for sign in _LEADING) else iter(())


def _announced(text: str) -> Marked | None:
    leads = [lead for lead in _leads(text) if not _SUPPOSED.search(text[max(0, lead.start() - 40) : lead.start()])]
    if not leads:
        return None
    start = leads[-1].end()
    aside = text[: leads[-1].start()].rstrip().endswith("(")
    sentence = _first_sentence(text[start:].partition(")")[0] if aside else text[start:])
    answer = _closed(sentence)
    return Marked(answer, start + text[start:].find(sentence) + len(sentence)) if answer else None


def _closed(text: str) -> str:
    """Without the end of an emphasis that began before the text, as `12**` of `**The answer is 12**`, and asides."""
    text = _WHICH_IS.sub("", text) if "which is" in text or " as " in text[-20:] else text
    text = text if text.isascii() else _IS_BEHIND.sub("", text)
    text = _REASON.sub("", _WHERE.sub("", _NOT_ANOTHER.sub("", text.rstrip())))
    for mark in ("**", "__", "*"):
        if (
            mark in text
            and text.count(mark) == 1
            and (end := _EMPHASIS_END.search(text)) is not None
            and end[0] == mark
        ):
            text = f"{text[: end.start()].rstrip(' .')}{text[end.end() :]}"
    return text


def _first_sentence(text: str) -> str:
    text = _QUOTED.sub("", text).strip()
    if text[:1] in ("-", "*", "•") and _BULLETS.fullmatch(text):
        return ", ".join(line.strip()[1:].strip() for line in text.splitlines())
    text = text[1:].lstrip() if text.startswith("}") else text
    line = _OWN_LINE.match(text)
    text = line[1] if line else text
    for end in _SENTENCE_END.finditer(text):
        before = text[max(0, end.start() - 8) : end.start()]
        if end[0] == "." and _ABBREVIATION.search(before):
            continue
        if end[0] == "!" and before[-1:].isalnum() and re.search(r"\d\s*$|\b[a-z]$", before):
            continue
        return text[: end.start()].strip()
    return text
