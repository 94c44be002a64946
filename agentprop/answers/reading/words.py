"""Answers in words: yes and no, `no solution`, `all real numbers`, and the comparison of plain text."""

from __future__ import annotations

import re
from fractions import Fraction

from agentprop.answers.reading.grammar import words
from agentprop.answers.reading.nodes import Collection, Constant, Interval, Node, Number, Truth, Words, apply

_TRUTHS = {"yes": True, "true": True, "no": False, "false": False, "correct": True, "incorrect": False}
_WORD = re.compile(r"[^\W_]+", re.UNICODE)
_AS_ONE = dict(
    pair.split("/")
    for pair in words("""
    first/1st second/2nd third/3rd fourth/4th fifth/5th sixth/6th seventh/7th eighth/8th ninth/9th tenth/10th
    eleventh/11th twelfth/12th thirteenth/13th fourteenth/14th fifteenth/15th sixteenth/16th seventeenth/17th
    eighteenth/18th nineteenth/19th twentieth/20th thirtieth/30th fortieth/40th fiftieth/50th sixtieth/60th
    seventieth/70th eightieth/80th ninetieth/90th
    convergent/converges divergent/diverges increasing/increases decreasing/decreases
    mon/monday tue/tuesday tues/tuesday wed/wednesday thu/thursday thur/thursday thurs/thursday fri/friday sat/saturday
    jan/january feb/february mar/march apr/april jun/june jul/july aug/august sep/september sept/september
    oct/october nov/november dec/december
    """)
)
"""Words that say the same as another one alone."""
SYNONYMS = frozenset((*_AS_ONE, *_AS_ONE.values()))
"""Words that another one may stand for."""
PLACES = frozenset(word for word, number in _AS_ONE.items() if number[:1].isdigit())
"""Words for places in a row, most of them shares as well."""
_SPELLED = {_AS_ONE[word]: word for word in PLACES}
_PLACE = re.compile(r"\b\d{1,2}(?:st|nd|rd|th)\b(?=\s+[A-Za-z])")
ORDINAL = re.compile(r"\d{1,6}(?:st|nd|rd|th)")
_COMPOUND = re.compile(
    r"\b(twen|thir|for|fif|six|seven|eigh|nine)ty[- ](first|second|third|(?:four|fif|six|seven|eigh|nin)th)\b",
    re.IGNORECASE,
)
_TENS = {"twen": 2, "thir": 3, "for": 4, "fif": 5, "six": 6, "seven": 7, "eigh": 8, "nine": 9}
_QUADRANTS = {"i": "1st", "ii": "2nd", "iii": "3rd", "iv": "4th"}
_QUADRANT = re.compile(r"\bquadrant\s+(I{1,3}|IV)\b", re.IGNORECASE)
_NOON = re.compile(r"\b([ap])\.\s?m\b", re.IGNORECASE)
_ARTICLES = frozenset(("a", "an", "the"))
_MIXED_CASE = re.compile(r"[a-z][A-Z]|^[A-Z]{2,}[a-z]")
_TRUTH = re.compile(
    r"(yes|true|no|false|correct|incorrect)\b(?:\s*([,.;:!–-]+|because\b|since\b|as\b)\s*(.*))?", re.DOTALL | re.I
)
_CLAIM = re.compile(
    r"^(?:(?:the|this|that)(?: given)? (?:statement|claim|assertion|proposition|conclusion|conjecture)|this|that|it)"
    r" (?:is|must be) (?=(?:true|false|correct|incorrect)$)",
    re.IGNORECASE,
)
_ECHO = re.compile(
    r"(?:it|they|he|she|this|that|these|those|there|we|i|you)\s+(?:is|are|was|were|does|do|did|has|have|can|could|will|would)"
    r"(?:\s*n['o]t|\s+not)?|(?:that|this) is (?:right|correct|true|false|wrong|incorrect)|sir|definitely"
    r"|indeed|always|certainly|absolutely|of course",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"[A-Za-z' ,-]*\b(?:is|are|was|were|does|do|did|has|have|can|cannot|can't|could|will|exists?|holds?|works?"
    r"|converges?|diverges?|contains?|must|always|commutes?|intersects?)(?:n't)?\b[A-Za-z' ,-]*"
)
_NUMBERED = re.compile(
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|half|twice|once|first|second|third)\b",
    re.IGNORECASE,
)
_NONE_THERE = re.compile(r"\bthere (?:is|are|exists?) no\b", re.IGNORECASE)
_DENIES = re.compile(r"\b(?:not|never|cannot|none|impossible|neither|nor)\b|n't\b", re.IGNORECASE)
_REASON = re.compile(r"(?:because|since|as|due to)\b", re.IGNORECASE)
_TURN = re.compile(
    r"\b(?:but|however|though|although|except|unless|only if|yes|no|true|false|or|maybe|otherwise)\b", re.IGNORECASE
)

_PROSE = re.compile(r"[^\W\d_]+(?:(?:\.?\s+|['’]|(?<=[^\W\d_]{2})-(?=[^\W\d_]{2})|\.(?=m\b))[^\W\d_]+)*\.?")
_REAL = r"(?:real|rational|integer|integral|positive|negative|complex|valid|possible|such|further|finite|whole|natural)"
_THING = r"(?:solution|root|value|number|answer|integer|point|triangle|function|zero|intersection|intercept)s?"
_ALL = r"(?:the set of )?(?:all |any |every |the )?(?:set of )?"
_ANY = (
    r"(?:[a-z] (?:is|can be) (?=an? |any ))?"
    r"(?:(?:the set of )?(?:all |any |every |the )(?:set of )?|set of |(?<= )an? )"
)
_NAME = r"(?: (?!a\b)[a-z])?"
_NUMBERS = r"(?: numbers?| values?)?(?: [a-z])?"
_PHRASES: tuple[tuple[re.Pattern[str], Node], ...] = tuple(
    (re.compile(pattern), node)
    for pattern, node in (
        (
            rf"(?:there (?:is|are|exists?|exist) )?no (?:such )?(?:{_REAL} )*(?:{_THING}|(?<=such )[a-z])"
            r"(?: (?:exists?|(?:is|are) possible))?"
            rf"|(?:the |this )?(?:equation|system|inequality|problem|it) has no (?:{_REAL} )*{_THING}"
            r"|(?:the )?(?:empty|null) set|solution set is empty|inconsistent(?: system)?|none exists?",
            Collection("set", ()),
        ),
        (
            r"(?:the set of )?(?:all|any|every|each) (?:of the )?reals?(?: numbers?| values?)?(?: [a-z])?(?: of [a-z])?"
            r"|(?:the )?(?:set of )?real numbers|[a-z] (?:is|can be) any real number|the reals",
            Constant("reals"),
        ),
        (rf"{_ALL}positive reals?{_NUMBERS}", Interval(Number(Fraction(0)), Constant("inf"), False, False)),
        (
            rf"{_ALL}negative reals?{_NUMBERS}",
            Interval(apply("neg", Constant("inf")), Number(Fraction(0)), False, False),
        ),
        (rf"{_ALL}non ?negative reals?{_NUMBERS}", Interval(Number(Fraction(0)), Constant("inf"), True, False)),
        (rf"{_ALL}naturals?(?: numbers?)", Constant("naturals")),
        (rf"(?:{_ANY}positive (?:integers?|whole numbers?){_NAME}|positive integers)", Constant("positive integers")),
        (rf"{_ANY}(?:non ?negative integers?|whole numbers?){_NAME}", Constant("naturals from 0")),
        (rf"{_ANY}(?:rational numbers?|rationals){_NAME}", Constant("rationals")),
        (rf"{_ANY}complex numbers?{_NAME}", Constant("complexes")),
        (r"(?:the set of )?(?:all|any|every|the) integers?(?: [a-z])?|(?:the )?set of integers", Constant("integers")),
        (
            r"(?:there (?:is|are) )?(?:an )?(?:infinitely many|infinite number of|infinite number|infinite)"
            r"(?: (?:real |integer |distinct |possible )*(?:solutions?|answers?|values?|ways))?(?: exist)?",
            Words("infinitely many"),
        ),
        (r"dne|(?:(?:the )?limit )?(?:does not|doesn t|doesnt) exist(?: dne)?", Words("does not exist")),
        (r"(?:it is )?undefined|not defined|is not defined", Words("undefined")),
        (r"(?:positive )?infinity", Constant("inf")),
        (r"none(?: of (?:these|them|the above))?", Words("none")),
    )
)  # fmt: skip

_PHRASE = re.compile("|".join(pattern.pattern for pattern, _ in _PHRASES))


def as_truth(text: str) -> tuple[Truth, str] | None:
    """`Yes`, `No, it is not.`, `Yes, because …`: the truth and its explanation; None where more than that is said."""
    match = _TRUTH.fullmatch(_CLAIM.sub("", text.strip(" .!'\""))) if len(text) < 400 else None
    if match is None:
        return None
    rest = (match[3] or "").strip(" .!")
    truth = Truth(_TRUTHS[match[1].casefold()])
    if not rest:
        return (truth, "") if not match[2] or not match[2][0].isalpha() else None
    reason = match[2][:1].isalpha() or bool(_REASON.match(rest)) or (match[2] in (".", "!") and _explains(rest))
    if (
        _ECHO.fullmatch(rest)
        or (not truth.value and rest.casefold() == "never")
        or _says_it_again(truth.value, rest)
        or (reason and not _TURN.search(rest))
    ):
        return truth, rest
    return None


def _explains(rest: str) -> bool:
    """`Yes. The triangle is right-angled because …`: a sentence of its own that gives a reason."""
    return bool(re.match(r"[A-Z][^.!?]{3,}\b(?:because|since)\b", rest)) and not _DENIES.search(rest)


def _says_it_again(truth: bool, rest: str) -> bool:
    """`No, such a number cannot exist`: a clause in words that holds no value and does not turn the answer round."""
    rest = _NONE_THERE.sub("there is not", rest)
    plain = _CLAUSE.fullmatch(rest) and len(rest.split()) > 2
    return bool(plain) and not (_TURN.search(rest) or _NUMBERED.search(rest) or (truth and _DENIES.search(rest)))


def after_truth(text: str) -> tuple[Truth, str] | None:
    """`Yes, x = 5` to its truth and what follows the comma."""
    match = re.fullmatch(r"(yes|no|true|false)\s*[,;:.]\s*(.+)", text, re.DOTALL | re.IGNORECASE)
    return (Truth(_TRUTHS[match[1].casefold()]), match[2]) if match else None


def in_words(text: str) -> str:
    """`2nd place` as `second place`."""
    return _PLACE.sub(lambda match: _SPELLED.get(match[0], match[0]), text)


def as_phrase(text: str) -> Node | None:
    """`no solution` is the empty set, `all real numbers` the reals; set phrases of the trade and nothing else."""
    if len(text) > 120:
        return None
    plain = " ".join(_WORD.findall(text.casefold()))
    if _PHRASE.fullmatch(plain) is None:
        return None
    return next((node for pattern, node in _PHRASES if pattern.fullmatch(plain)), None)


def is_prose(text: str) -> bool:
    """Letters only, so that `cat` is a word before it is a product of three variables; `xy` still is a product."""
    if re.fullmatch(r"[A-Za-z]|[a-df-hj-np-z]{2}", text):
        return False
    return bool(_PROSE.fullmatch(text))


def comparable(text: str) -> tuple[str, ...]:
    """Words without articles, punctuation and capitals; capitals inside a word (`aBc`) are kept."""
    text = _QUADRANT.sub(_in_order, _COMPOUND.sub(_in_digits, _NOON.sub(r"\1m", text)))
    found = [word if _MIXED_CASE.search(word) else word.casefold() for word in _WORD.findall(text)]
    kept = [_AS_ONE.get(word, word) for word in found if word not in _ARTICLES]
    return tuple(kept or found)


def _in_digits(compound: re.Match[str]) -> str:
    """`twenty-first` as 21st."""
    return f"{_TENS[compound[1].casefold()]}{_AS_ONE.get(compound[2].casefold(), compound[2])}"


def _in_order(quadrant: re.Match[str]) -> str:
    """`quadrant III` as the 3rd quadrant."""
    return f"{_QUADRANTS[quadrant[1].casefold()]} quadrant"


def same_text(left: str, right: str) -> bool:
    """The same words in the same order, and the same signs between them."""
    if left.strip() == right.strip():
        return True
    found = comparable(left)
    return bool(found) and found == comparable(right) and _signs(left) == _signs(right)


def _signs(text: str) -> str:
    """Characters that carry meaning in what could not be read: operators, brackets, digits' points."""
    return re.sub(r"[\w\s.,;:!?'\"“”’‘`$()-]|\\[a-z]+", "", text)
