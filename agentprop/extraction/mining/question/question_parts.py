"""A mined question → what it says is given, as a clause, and what it asks for, as a noun phrase.

A question of another form is not taken apart: what follows puts the parts into sentences of other forms, and is only
grammatical if a condition has a verb of its own and what is asked for is a noun phrase.

    >>> parts_of("Let $a$ and $b$ be the roots of $x^2 - <a>x + 2 = 0$. Find $a^2 + b^2$.")
    QuestionParts(asked='the value of $a^2 + b^2$', given='$a$ and $b$ are the roots of $x^2 - <a>x + 2 = 0$', \
let='$a$ and $b$ be the roots of $x^2 - <a>x + 2 = 0$')
    >>> parts_of("How many positive integers less than <a> are divisible by 3?").asked
    'the number of positive integers less than <a> that are divisible by 3'
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

LONGEST = 260
"""Characters of the parts together; longer ones would bury the sentence they stand in."""


@dataclass(frozen=True)
class QuestionParts:
    """What is asked for and what is given."""

    asked: str
    """A noun phrase."""
    given: str = ""
    """A clause in the indicative; empty if nothing is given apart."""
    let: str = ""
    """The same as it stands behind `Let`; empty if it cannot."""


_FORM = re.compile(r"\s*(?:Express|Give|Write|Round|Enter|Simplify) (?:your|the) (?:final )?answers?\b[^?]*\.$")
_ASK = (
    r"(?:[Ww]hat(?: is|'s| are)|[Ff]ind|[Ee]valuate|[Cc]ompute:?|[Dd]etermine|[Cc]alculate|[Ss]olve for|[Ss]implify"
    r"|[Ww]hat is the value of the expression)"
)
_ASKED = rf"{_ASK} (?P<asked>[^?]+?)\s*[.?]?"
_WHOLE = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:Let|Define|Suppose(?: that)?|Assume(?: that)?) (?P<let>[^?]+?)\. ?{_ASKED}",
        rf"(?:If|Given that|Given(?: the functions?)?) (?P<given>[^?]+?),? (?:then )?{_ASKED}",
        rf"{_ASK} (?P<asked>[^?]+?),? (?:if|given that|given) (?P<given>[^?]+?)\s*[.?]?",
        rf"{_ASK} (?P<asked>[^?]+?),? when (?P<when>[^?]+?)\s*[.?]?",
        r"(?:Solve for|Find) (?P<asked>\$[A-Za-z]\$)(?::| in| in the equation| such that| so that)"
        r" (?P<given>\$[^$]+\$)\s*\.?",
        r"(?:For|Which|What|Find) (?:what |the )?(?P<value>value of \$[A-Za-z]\$)"
        r" is (?P<given>\$[^$]+\$)(?: true)?\s*\?",
        _ASKED,
        r"How many (?P<count>[^?]+?)\s*\?",
    )
)
_COUNTED = tuple(
    (re.compile(pattern), frame)
    for pattern, frame in (
        (r"(?P<noun>(?!of )[a-z -]+?) are there (?P<rest>.+)", "the number of {noun} {rest}"),
        (r"(?P<noun>(?!of )[a-z -]+?) does (?P<rest>.+) have", "the number of {noun} of {rest}"),
        (
            r"(?P<noun>(?!of )[^?]+?) (?P<rest>(?:satisfy|divide|are|have|lie|leave) .+)",
            "the number of {noun} that {rest}",
        ),
        (
            r"(?P<noun>(?!of )[a-z -]+? of .+?)(?: are)? (?P<rest>(?:less|greater|between) .+)",
            "the number of {noun} {rest}",
        ),
    )
)
"""What `How many …` counts → its noun phrase."""

_FORMULA = r"\$[^$]+\$"
_VALUE = re.compile(
    r"(?:the )?(?:value of )?(?:the )?(?:following )?(?:expression|quantity|product|sum|quotient)?:? ?" rf"({_FORMULA})"
)
"""What is asked for, if it is the value of a formula."""
_FORMULAS = re.compile(rf"{_FORMULA}(?:(?:,? and|,) {_FORMULA})*")
_RELATION = re.compile(r"=|<|>|\\(?:leq?|geq?|neq?|equiv|in)(?![A-Za-z])|\|")
_DEFINED = re.compile(r"\$\s*[A-Za-z](?:_\d|')?\s*(?:\([^)]*\)\s*)?=")
"""A formula that says what a letter or a function is."""
_VERB = re.compile(
    r"\b(?:is|are|has|have|satisfy|satisfies|equals?|divides?|lies?|denotes?|exceeds?|holds?|add|sum|belongs?)\b"
)
_OPEN = re.compile(r"\b(?:such that|for which|so that|where|satisfying|with)\b")
"""A clause of its own, whose verb is not that of the sentence."""
_BACKWARDS = re.compile(r"(?:it|its|they|their|this|these|that|he|she)\b")
"""Words that speak of something before them."""
_SENTENCES = re.compile(r"[.;:?]\s")
"""The end of a sentence or of half of one."""
_CONDITION = re.compile(r"\b(?:if|when|given)\b")
"""A condition inside what is asked: two of them in a sentence are hard to read."""
_DECLARED = re.compile(rf"(?P<subject>(?:the \w+ )?(?:{_FORMULA}|[\s,]|and)+) be (?P<rest>(?!.* be ).+)")


def parts_of(phrasing: str) -> QuestionParts | None:
    """The first way to take a question apart; None if it has another form."""
    return next(ways(phrasing), None)


def ways(phrasing: str) -> Iterator[QuestionParts]:
    """The ways to take a question apart."""
    text = _FORM.sub("", _inline(phrasing).strip()).strip()
    for pattern in _WHOLE:
        found = pattern.fullmatch(text)
        parts = _parts(found.groupdict()) if found is not None else None
        if parts is not None and len(parts.asked) + len(parts.given) <= LONGEST:
            yield parts


def _parts(groups: Mapping[str, str]) -> QuestionParts | None:
    asked = _asked(groups)
    if asked is None or not _is_closed(asked) or _SENTENCES.search(asked):
        return None
    told = next((groups[name] for name in ("let", "given", "when") if groups.get(name)), "")
    if not told:
        return QuestionParts(asked)
    clause = _trimmed(told)
    if not _is_closed(clause) or _BACKWARDS.match(clause) or _SENTENCES.search(clause) or _CONDITION.search(asked):
        return None
    if _FORMULAS.fullmatch(clause):
        return _with_formulas(asked, clause)
    return None if groups.get("when") else _with_clause(asked, clause, declares=bool(groups.get("let")))


def _asked(groups: Mapping[str, str]) -> str | None:
    if "count" in groups:
        return _counted(groups["count"])
    return f"the {groups['value']}" if "value" in groups else _noun_phrase(groups["asked"])


def _with_formulas(asked: str, clause: str) -> QuestionParts | None:
    """A condition that is nothing but formulas, each a relation."""
    formulas = re.findall(_FORMULA, clause)
    if not all(_RELATION.search(one) for one in formulas):
        return None
    return QuestionParts(asked, clause, clause if all(_DEFINED.match(one) for one in formulas) else "")


def _with_clause(asked: str, clause: str, *, declares: bool) -> QuestionParts | None:
    """A condition in words: a sentence with a verb, or what stands behind `Let`."""
    declared = _DECLARED.fullmatch(clause) if declares else None
    if declared is not None:
        several = re.search(r"\band\b|,", declared["subject"]) is not None
        indicative = f"{declared['subject']} {'are' if several else 'is'} {declared['rest']}"
        return QuestionParts(asked, indicative, clause)
    verb, other = _VERB.search(clause), _OPEN.search(clause)
    if verb is None or (other is not None and other.start() < verb.start()):
        return None
    if re.search(r"\b(?:be|let|define)\b", clause) or not re.match(rf"{_FORMULA}|the |there |\w+ing ", clause):
        return None
    return QuestionParts(asked, clause)


_DISPLAYED = re.compile(r"\s*(?:\$\$|\\\[)\s*((?:(?!\$|\\begin\{align|\\\]).)+?)\s*([.,]?)\s*(?:\$\$|\\\])\s*")


def _inline(phrasing: str) -> str:
    """The text with its displayed formulas in the line, the mark that ends one behind it.

    >>> _inline("Solve for $x$: $$x + 1 = <a>.$$ Write $x$ as a fraction.")
    'Solve for $x$: $x + 1 = <a>$. Write $x$ as a fraction.'
    """
    return _DISPLAYED.sub(r" $\1$\2 ", phrasing)


def _trimmed(text: str) -> str:
    """Without the mark that stood behind it, or inside its last formula."""
    return re.sub(r"[,.]\s*\$$", "$", text.strip().rstrip(",."))


def _noun_phrase(text: str) -> str | None:
    text = _trimmed(text)
    formula = _VALUE.fullmatch(text)
    if formula is not None:
        return f"the value of {formula[1]}"
    return text if text.startswith("the ") and ":" not in re.sub(_FORMULA, "", text) else None


def _counted(text: str) -> str | None:
    for pattern, frame in _COUNTED:
        found = pattern.fullmatch(text.strip())
        if found is not None:
            return frame.format(**found.groupdict())
    return None


def _is_closed(text: str) -> bool:
    """True if every formula of a text begins and ends in it."""
    return text.replace(r"\$", "").count("$") % 2 == 0 and "\\[" not in text and "$$" not in text
