"""A question to a phrasing with holes: scene, ask, and what the answer counts; what would break is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from agentprop.extraction.mining.lift import Refusal
from agentprop.extraction.mining.mentions import Mention
from agentprop.extraction.mining.subject import subject

MAX_CHARACTERS = 900
"""Longer questions are stories with more in them than their equations."""

_FRAGILE = re.compile(
    r"\b(?:round(?:ed|ing)?|nearest|approximately|roughly|estimat\w+|at least|at most|no more than|minimum|maximum|"
    r"fewest|whichever|whoever|prime|digits?|remainder|divisible|multiples? of|factors? of|consecutive|integers?|"
    r"square root|reversed|asy|graph|ways|distinct|identical|arrang\w+|greatest|possible|polynomial|function|"
    r"probability|leap year|overtime|after the first|for the first|"
    r"every (?:other|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|\d+th)|"
    r"(?:slides?|slips?|grows?) (?:back|another))\b",
    re.IGNORECASE,
)
"""Words whose question depends on its numbers in ways that equations do not show."""

_ABBREVIATION = re.compile(r"(?:\b(?:Mr|Mrs|Ms|Dr|St|Jr|Sr|vs|No|oz|lbs?|ft|in|a\.m|p\.m|U\.S|[A-Z]))\.$")
_INSTRUCTION = re.compile(r"^(?:Find|Calculate|Compute|Determine|What|How|Evaluate|Work out|Figure out)\b")
_ORDER = re.compile(
    r"(?:^|, )(?:then |please )?(?:find|calculate|compute|determine|work out|figure out)"
    r" (?:the|how|what|\w+'s|her|his)\b"
)
"""An instruction behind a condition: `If a box holds 6 jars, calculate the number of jars.`"""
_QUESTION_WORD = re.compile(r"\b(?:how|what)\b", re.IGNORECASE)
_CONDITION = re.compile(
    r"^If (?P<clause>[^,?]+(?:, (?:and|but) [^,?]+)?), (?P<question>(?:then )?how (?:many|much)\b[^?]*\?)$"
)
_UNREAL = re.compile(r"\b(?:would|could|were|had|should|will|instead)\b")


@dataclass(frozen=True)
class Phrasing:
    """A wording with holes, and what its answer is in a story."""

    scene: str
    """Declarative sentences."""
    ask: str
    """One question or instruction."""
    subject: str | None
    """Plural noun phrase when the ask counts a pile of concrete things that a scene alone defines."""
    cleanliness: float
    """1 for a plain question; less for what makes one read like homework copied in haste."""
    apart: tuple[str, str] | None = None
    """The same wording with a condition of the ask told in the scene, where there is one."""


def phrase(question: str, numbers: Mapping[int, Mention], names: Mapping[int, str], whole: bool) -> Phrasing:
    """The wording with a hole for each named number; raises Refusal. `whole` says that the answer is an integer."""
    _refuse_unfit(question)
    if not whole and not _ASKS_FRACTION.search(question):
        raise Refusal("not-whole", "the answer is no whole number, and the question does not ask for a fraction")
    text = _with_holes(_marked(question), question, numbers, names)
    sentences = split_sentences(text)
    scene, ask = " ".join(sentences[:-1]), _ended(sentences[-1])
    if not (ask.endswith("?") or (ask.endswith(".") and (_INSTRUCTION.match(ask) or _ORDER.search(ask)))):
        raise Refusal("no-question", "the last sentence does not ask for anything")
    if "?" in scene or ask.count("?") > 1 or len(re.findall(r"\band (?:how|what)\b", ask)):
        raise Refusal("several-questions", "the document asks more than one thing")
    if not _QUESTION_WORD.search(ask) and not _INSTRUCTION.match(ask) and not _ORDER.search(ask):
        raise Refusal("no-question", "the last sentence asks neither how much nor what")
    apart = _told_apart(scene, ask)
    told, asked = apart or (scene, ask)
    return Phrasing(scene, ask, subject(asked) if told else None, _cleanliness(text, sentences), apart)


def _ended(ask: str) -> str:
    """An ask whose mark was forgotten gets it."""
    if not ask[-1].isalpha():
        return ask
    if re.match(r"(?:How|What)\b", ask):
        return f"{ask}?"
    return f"{ask}." if _INSTRUCTION.match(ask) else ask


def is_latex(question: str) -> bool:
    """Whether dollar signs are mathematics here, and not money."""
    return bool(re.search(r"\\[a-zA-Z$%]|\$[^$\s\d]|\$-?\d[\d.,]*\$", question)) and _bare_dollars(question) % 2 == 0


def _bare_dollars(text: str) -> int:
    return text.replace(r"\$", "").count("$")


_ASKS_FRACTION = re.compile(r"\bfraction\b|\bratio\b", re.IGNORECASE)
_REST = re.compile(r"\b(?:remaining|other) (?:\w+ )?(?:\d+|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen)\b")
"""A number that is what others leave of a total cannot stay when they change."""


def _refuse_unfit(question: str) -> None:
    if _REST.search(question):
        raise Refusal("fragile", "a number of the question is the rest of a total")
    if len(question) > MAX_CHARACTERS:
        raise Refusal("too-long", f"the question is longer than {MAX_CHARACTERS} characters")
    if match := _FRAGILE.search(question):
        raise Refusal("fragile", f"“{match.group()}” makes the answer depend on more than the equations")
    if re.search(r"[<>{}|]|\n\s*[-*•\d]", question) and not is_latex(question):
        raise Refusal("layout", "the question is not plain prose")


def _marked(question: str) -> str:
    """Money signs escaped, character for character behind a placeholder, so that offsets stay."""
    return question if is_latex(question) else question.replace("$", "\x00")


def _with_holes(text: str, question: str, numbers: Mapping[int, Mention], names: Mapping[int, str]) -> str:
    if is_latex(question):
        _refuse_inside_formulas(question, numbers, names)
    parts, position = [], 0
    for index, mention in sorted(numbers.items()):
        if index in names:
            parts += [text[position : mention.start], f"<{names[index]}>"]
            position = mention.end
    text = "".join(parts) + text[position:]
    return re.sub(r"\s+", " ", text).strip().replace("\x00 ", "\x00").replace("\x00", r"\$").replace("’", "'")


def _refuse_inside_formulas(question: str, numbers: Mapping[int, Mention], names: Mapping[int, str]) -> None:
    """A number in a formula may vary only where it is the whole formula: `$120\\%$`, not `$x^2+6$`."""
    formulas = [match.span(1) for match in re.finditer(r"(?<!\\)\$((?:[^$\\]|\\.)*)\$", question)]
    for index in names:
        mention = numbers[index]
        for start, end in formulas:
            if start <= mention.start < end and not re.fullmatch(
                r"\s*(?:\\\$)?[\d,]+(?:\\%|%)?\s*", question[start:end]
            ):
                raise Refusal("formula", "a number that varies stands inside a formula")


def split_sentences(text: str) -> list[str]:
    """Sentences at `.`, `!` or `?` before a space and a capital, a hole or a quotation mark."""
    sentences, start = [], 0
    for match in re.finditer(r"[.!?][\"')]?\s+(?=[A-Z<\"'(\\$])", text):
        piece = text[start : match.end()].strip()
        if not _ABBREVIATION.search(piece):
            sentences.append(piece)
            start = match.end()
    return [*sentences, text[start:].strip()] if text[start:].strip() else sentences


def _told_apart(scene: str, ask: str) -> tuple[str, str] | None:
    """`If Ann owns 6 cars, how many …?` as `Ann owns 6 cars. How many …?`, where the condition is a plain fact."""
    match = _CONDITION.match(ask)
    if match is None or _UNREAL.search(ask):
        return None
    clause, question = match["clause"], match["question"].removeprefix("then ")
    fact = clause[0].upper() + clause[1:]
    return f"{scene} {fact}.".strip(), question[0].upper() + question[1:]


def _cleanliness(text: str, sentences: list[str]) -> float:
    score = 1.0
    score -= 0.15 * (len(text) > 450)
    score -= 0.15 * bool(re.search(r"\s[,.?!]|[,.]{2}|\( | \)", text))
    score -= 0.2 * (not text[0].isupper() and text[0] not in '<$\\"')
    score -= 0.15 * bool(re.search(r"[^\x00-\x7f–—]", text))
    score -= 0.1 * (len(sentences) > 7)
    return max(score, 0.0)
