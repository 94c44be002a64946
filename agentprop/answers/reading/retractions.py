"""What is said behind an answer: that it is wrong after all, and what it should be instead.

`\\boxed{12}. Wait, that is wrong, it should be 15.` gives 15; an answer that is taken back with nothing in its place is
none. Doubts that end well (`Wait, is that wrong? No, 3·4 = 12 is correct.`) take nothing back, and neither does a
remark on another value (`14 would be wrong, because …`): a retraction begins with a turn against what was just said.
"""

from __future__ import annotations

import re

from agentprop.answers.reading.grammar import words

_TURN = (
    r"(?:\b(?:wait|hmm+|actually|oops|sorry|apologies|hold on|on second thought|correction|edit|moment|espera"
    r"|attends|attendez|pardon|perdón|halt)\b|等等|不对|错了)"
)
_THOUGHT_OVER = re.compile(
    r"\b(?:wait|hmm+|actually|hold on|on second thought|(?:true|real|actual) answer|(?:first|initial) guess)\b",
    re.IGNORECASE,
)
_MISTAKE = (
    r"\bI\s+(?:have\s+)?(?:made\s+(?:a|an|another|one)\s+(?:\w+\s+)?(?:mistake|error|slip)"
    r"|miscounted|miscalculated|misread|forgot|was\s+wrong|overlooked|missed|double[- ]counted)\b"
    r"(?!\s+(?:nothing|no\b|to\s+(?:mention|say|note|state|specify|thank)))"
)
_TAKEN_BACK = re.compile(
    rf"{_TURN}[^\n?]{{0,80}}?"
    r"(?:\b(?:that|this|it|which|the above|my (?:answer|result))(?:\s+is|\s+was|'s|’s)\s+(?:all |clearly |actually )?"
    r"(?:wrong|incorrect|not (?:quite |really |entirely )?(?:right|correct|true)|a mistake|an error)\b(?!\s*\?)"
    rf"|{_MISTAKE}"
    r"|\b(?:das|dies|es)\s+(?:ist|war)\s+falsch\b|\bc'est\s+(?:faux|une erreur)\b"
    r"|\b(?:está mal|es incorrecto|es un error)\b)"
    r"|(?:^|[.!:\n—–-]\s{0,4})"
    r"(?:no,?\s+wait|wait,?\s+no|actually,?\s+no|scratch that|disregard that|correction|sorry,?\s+I\s+meant)\b(?!\s*\?)"
    rf"|(?:^|[.!\n])\s{{0,4}}(?:(?:oh|ah|no|but|well)[,!]?\s+){{0,2}}{_MISTAKE}"
    r"|\A[\s$*]{0,4}\?\s+no\b"
    r"|\A[\s$*.]{0,4}(?:\(?(?:this|that|it)\s+|,\s*which\s+)?(?:is|was|would be)\s+"
    r"(?:wrong|incorrect|impossible|too (?:small|large|big|many|few|high|low)"
    r"|not (?:the )?(?:right|correct|possible))(?=\s*(?:[.;,!)\n]|$))"
    r"|\A[\s$*.]{0,4}is\s+what\s+(?:one|you|we|they|people)\s+(?:would\s+|might\s+)?(?:get|obtain|have|find)\b"
    r"(?=[^\n]{0,200}\b(?:true|correct|actual|real|right)\s+\w+\s+(?:is|are|was)\b)"
    r"|错了|(?:这|那|答案)(?:是)?不对",
    re.IGNORECASE,
)
_CONFIRMED = re.compile(
    r"\b(?:(?:is|was|seems|looks)(?:\s+(?:indeed|in fact|actually|still))?\s+(?:right|correct|fine)"
    r"|(?:answer|result|it)\s+(?:stands|holds|is confirmed|remains)|checks out|confirms|as before)\b",
    re.IGNORECASE,
)
_NEAR = 120
_AT_FIRST = re.compile(
    r"\b(?:initially|at first|first|originally)\s+(?:thought|got|had|guessed|found|believed|wrote|said)\b[^.!?\n]*$",
    re.IGNORECASE,
)
_SIGNS = (
    "is not",
    "was not",
    "be not",
    "s what ",
    *words("""
    wait hmm actually oops sorry apologies hold thought correction moment espera attend pardon perdón halt mistake error
    slip miscounted miscalculated misread forgot wrong overlooked missed counted scratch disregard guess meant incorrect
    impossible too 等等 不对 错了
    """),
)
"""Of which every retraction holds one."""
_OVER = (
    *("wait", "hmm", "actually", "hold on", "on second thought", "true answer", "real answer", "actual answer"),
    *("first guess", "initial guess"),
)
"""Of which every second thought holds one."""
_SUPPOSED = re.compile(r"\b(?:if|whether|unless)\b", re.IGNORECASE)
_DENIED = re.compile(r"\b(?:not|n't|never|what|which|nor)\b[^.!?\n]{0,30}$", re.IGNORECASE)
_INSTEAD = re.compile(
    r"(?:\b(?:it|this|that|the\s+[\w ]{2,40}?|total|value|we|I|es|ce|so)\s*"
    r"(?:'s|’s|\s(?:is|are|should\s+(?:be|have\s+been)"
    r"|must\s+be|equals|becomes|get|have|obtain|ist|muss|sollte|est|devrait être|debería ser))"
    r"|\b(?:correction|actually|rather|instead|meant|need|no)|应该是|应为|而是|debería ser|es)"
    r"\s*[:,]?\s*(?=[*_$\s]*[-+−]?(?:\\?\$|\\boxed|\\[dt]?frac|\\sqrt|\\\(|\\\[|[€£¥]|\d|\(?[A-J]\)?(?![A-Za-z])))",
    re.IGNORECASE,
)
_MAX_BEHIND = 20_000
"""Characters behind an answer that are looked at."""


def taken_back(behind: str) -> int | None:
    """Where in the text behind an answer it is taken back; None where it stands."""
    if len(behind) < 8:
        return None
    behind = behind[:_MAX_BEHIND]
    lowered = behind.casefold()
    doubted = "?" in behind[:4] or any(sign in lowered for sign in _SIGNS)
    turn = _TAKEN_BACK.search(behind) if doubted else None
    if turn is None or _SUPPOSED.search(turn[0]):
        return None
    for word in _CONFIRMED.finditer(behind, turn.end()):
        if not _DENIED.search(behind[max(0, word.start() - 40) : word.start()]):
            return None
    return turn.start()


def first_thought(before: str, behind: str) -> bool:
    """Whether an answer is what was thought at first: `I initially thought 42, but it is 41`."""
    return behind[:_NEAR].lstrip(" ,;$*").startswith("but ") and bool(_AT_FIRST.search(before[-_NEAR:]))


def second_thought(behind: str) -> int | None:
    """Where behind an answer it is thought over (`Wait`, `Hmm`, `Actually`); None where it is not."""
    lowered = behind[:_MAX_BEHIND].casefold()
    if not any(sign in lowered for sign in _OVER):
        return None
    found = _THOUGHT_OVER.search(behind[:_MAX_BEHIND])
    return found.start() if found else None


def instead(behind: str) -> int | None:
    """Where the value begins that is put in the place of one that was taken back; None where there is none."""
    found = [match.end() for match in _INSTEAD.finditer(behind[:_MAX_BEHIND])]
    return found[-1] if found else None
