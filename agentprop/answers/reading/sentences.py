"""English around an answer: conditions in words, lead-ins such as `there are exactly`, and whole sentences.

A lead-in is skipped only where it can say nothing about the number: no negation, no comparison, no other value.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import islice

from agentprop.answers.reading.grammar import FUNCTIONS, GREEK, words
from agentprop.answers.reading.nodes import Node, Statement, Words
from agentprop.answers.reading.parser import is_unit

_OPENING = re.compile(
    r"(?:therefore|thus|hence|so|then|finally|and|(?:we|I) (?:get|got|have|find|obtain|see|conclude"
    r"|(?:firmly )?(?:think|believe)|arrive at|end up with)(?: that)?|I(?:'d|’d| would) say(?: that)?"
    r"|(?:it |that |this )?(?:looks|seems) (?:like|to be)|(?:that|this|it) (?:gives|leaves) us(?: with)?"
    r"|it follows that|that is|i\.e\.|namely|clearly|which (?:gives|is))(?![a-z])[,:\s]*",
    re.IGNORECASE,
)
_ADVERB = (
    r"(?:exactly|precisely|only|just|simply|approximately|about|roughly|around|a total of|the number|the value|equal to"
    r"|approx\.?|ca\.|some|indeed|given by|called|termed|(?:in )?the year|therefore|thus|hence|then)"
)
_ADVERBS = re.compile(rf"(?:{_ADVERB}\s+)+", re.IGNORECASE)
_VERB = (
    r"(?:is|are|was|were|be|equals?|has|have|had|takes?|took|"
    r"needs?(?: to (?:buy|pay|sell|make|read|save|earn|walk|run|drive|work|wait))?|"
    r"costs?(?: (?:him|her|them|us|me|you))?|gives?|gets?|makes?|made|contains?|weighs?|"
    r"measures?|becomes?|yields?|earns?|pays?|paid|spends?|spent|exists?|holds?|requires?|choose|pick|select|used?|"
    r"(?:comes?(?: out)?|works? out|amounts?|evaluates?|simplifies|reduces) to(?: be)?|turns out to be|go(?:ing)? with|"
    r"obtain|got|receives?|bought|sold|sells?|travels?|walks?|drives?|reads?|prints?|printed|outputs?|returns?|returned|displays?|ate|eats?|saves?|saved|remains?|says?|"
    r"(?:height|area|length|width|value|total|speed|mass|volume|perimeter|radius|distance|cost|price|age|angle|weight"
    r"|measure|sum|probability|number) of)"
)
_VERBS = re.compile(rf"\b{_VERB}\s+(?:{_ADVERB}\s+)*(?=\S)", re.IGNORECASE)
_PLAIN = re.compile(r"(?:[A-Za-z'’]+,?\s+){1,16}")
MAX_VERBS = 4
_HEDGES = frozenset(words("""
    not no never nt cannot at least most more less fewer greater larger smaller than above below under over between
    except excluding without unless if when either neither nor or maybe perhaps possibly might may could half twice
    double nearly almost wrong incorrect false multiple multiples factor factors divisor divisors instead other but
    however though think guess don doesn isn aren wasn didn won ruled rule fails fail impossible different unlike
    whether doubt because since as and any both every each up down beyond within until times plus minus into nobody
    nothing none
    """))  # fmt: skip

_DOMAINS = (
    (r"positive integers?|positive whole numbers?", "\\mathbb{Z}^{+}"),
    (r"non-?negative integers?|whole numbers?", "\\mathbb{N}_{0}"),
    (r"natural numbers?|naturals?", "\\mathbb{N}"),
    (r"integers?|integral", "\\mathbb{Z}"),
    (r"rational numbers?|rationals?", "\\mathbb{Q}"),
    (
        r"(?:arbitrary |real )?(?:real numbers?|reals?|real|parameters?|constants?|scalars?)|arbitrary|free",
        "\\mathbb{R}",
    ),
)
_DOMAIN = "|".join(pattern for pattern, _ in _DOMAINS)
_NAME = r"(?:[a-zA-Z](?:_\{?\w+\}?)?|\\[a-z]+(?:\{[a-z]\})?)"
_NAMES = rf"(?P<names>{_NAME}(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+){_NAME}){{0,5}})"
_FOR_ANY = re.compile(
    rf"[,;.:\s]*\b(?:(?:and|where|with|for|if|as)\s+)?(?:(?:any|all|every|each|some|an?|the|arbitrary)\s+)*"
    rf"(?P<domain>{_DOMAIN})\s+(?:numbers?\s+|values?\s+(?:of\s+)?)?{_NAMES}\s*$"
)
_WHERE_IS = re.compile(
    rf"[,;.:\s]*\b(?:(?:and|where|with|for|if|as)\s+)?{_NAMES}\s+(?:(?:is|are|being)\s+)?(?:both\s+)?(?:(?:an?|any|all|some)\s+)+"
    rf"(?P<domain>{_DOMAIN})(?:\s+numbers?)?\s*$"
    rf"|[,;.:\s]*\b(?:(?:and|where|with|for|if|as)\s+){_NAMES.replace('names', 'more')}\s+(?:is|are|being)\s+"
    rf"(?P<kind>{_DOMAIN})(?:\s+numbers?)?\s*$"
)
_BRACKETED_CONDITION = re.compile(
    r"\(\s*((?:where|for|with|if|all|any)?[^()]*(?:\\in\b|\binteger|\breal\b)[^()]*)\)\s*$"
)
_POWERS_OF_TEN = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12}


def _code_behind(match: re.Match[str]) -> str:
    return f"{match[2]} {match[1].upper()}"


def _as_power_of_ten(match: re.Match[str]) -> str:
    return f"\\cdot 10^{{{_POWERS_OF_TEN[match[1].lower()]}}} "


_CURRENCY = r"\\?\$|\\(?:EUR|GBP|JPY|INR|USD)"
_ABBREVIATIONS = {"k": 3, "m": 6, "mn": 6, "bn": 9}


def _abbreviated(match: re.Match[str]) -> str:
    return f"{match[1]}{match[2]} \\cdot 10^{{{_ABBREVIATIONS[match[3].lower()]}}} "


def _all_but(match: re.Match[str]) -> str:
    excluded = re.sub(r"\s+and\s+", ", ", match[1])
    return f"\\mathbb{{R}} \\setminus \\{{{excluded}\\}}"


_EVERY = r"(?:(?:all|the|set of)\s)*"

_PARITY = re.compile(rf"{_EVERY}(even|odd) (?:integers|numbers)", re.IGNORECASE)
_BASE = r"(?:base|radix)[\s-]*(\d{1,2}|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|sixteen)"
_TRANSLATIONS = tuple(
    (re.compile("|".join(map(re.escape, needles))).search, re.compile(pattern, re.IGNORECASE), replacement)
    for needles, pattern, replacement in (
        (
            ("than", "least"),
            r"\b(?:is|are) (?:(?:greater|more|larger|bigger) than or equal to|at least|no less than)\b",
            r" \\ge ",
        ),
        (
            ("than", "most"),
            r"\b(?:is|are) (?:(?:less|fewer|smaller) than or equal to|at most|no more than)\b",
            r" \\le ",
        ),
        (("than",), r"\b(?:is|are)\s+(?:strictly )?(?:greater|more|larger|bigger) than\b", " > "),
        (("than",), r"\b(?:is|are)\s+(?:strictly )?(?:less|fewer|smaller) than\b", " < "),
        (("equal",), r"\b(?:is|are) not equal to\b|\bdoes not equal\b", r" \\ne "),
        (("approx",), r"\b(?:is|are) approximately(?: equal to)?\b", r" \\approx "),
        (("equal",), r"\b(?:is|are) equal to\b|\bequals to\b|\bequal to\b", " = "),
        (("t's",), r"^(it|that)'s(?=\s)", r"\1 is"),
        (("union",), r"(?<=[)\]}])\s*\bunion\b\s*(?=[(\[{\\])", r" \\cup "),
        (("minus", "-"), r"\bplus or minus\b|\+/-|\+-", r" \\pm "),
        (
            ("long", "wide", "tall", "high", "deep", "thick"),
            r"(?<=[a-z\d}]) (?:long|wide|tall|high|deep|thick)\s*$",
            "",
        ),
        (("to me",), r"(?<=[\d})]) to me$", ""),
        (("left", "remain"), r"(?<=\d) (?:left(?: over)?|remaining)$", ""),
        (("old",), r"(?<=\d) (years?|months?|weeks?|days?)[ -]old\s*$", r" \1"),
        (("sp",), r"\bsp([23])(d\d?)?(?!\w)", r"sp^\1\2"),
        (("multiples of",), rf"^{_EVERY}(?:integer )?multiples of (\d+)$", r"\1 k, k \\in \\mathbb{Z}"),
        (
            ("r ",),
            r"^(-?\d+)(?:,?\s+(?:with )?(?:a )?remainder(?: of)?|\s+R)\s+(\d+)$",
            r"q = \1, r = \2",
        ),
        (("unit",), r"\bunits?\s*\^\s*(?:2|\{2\})", "square units"),
        (("angle",), r"\bm(?=\\angle\b|\s+\\angle\b)", ""),
        (("rs", "inr"), r"(?<!\\)\b(?:rs|inr)\b\.?\s*(?=\d)", r"\\INR "),
        (("$",), r"\b(?:us|usd)\s?(?=\$\s*\d)", ""),
        (
            ("usd", "eur", "gbp", "jpy", "inr", "krw", "cny", "rmb", "chf", "cad", "aud"),
            r"(?<!\\)\b(usd|eur|gbp|jpy|inr|krw|cny|rmb|chf|cad|aud)\s*(\d[\d.,]*\d|\d)",
            _code_behind,
        ),
        ((".",), r"\b(sq|cu|ft|in|hrs?|mins?|secs?|yds?|lbs?|approx)\.", r"\1 "),
        (("base", "radix"), rf"\b([0-9A-Z]+)\s*(?:\(\s*)?(?:in\s+)?{_BASE}\b\s*\)?", r"\1_{\2}"),
        (("binary",), r"\b([01]+)\s*(?:\(\s*)?(?:in\s+)?binary\b\s*\)?", r"\1_{2}"),
        (("octal",), r"\b([0-7]+)\s*(?:\(\s*)?(?:in\s+)?octal\b\s*\)?", r"\1_{8}"),
        (("hex",), r"\b([0-9A-F]+)\s*(?:\(\s*)?(?:in\s+)?hex(?:adecimal)?\b\s*\)?", r"\1_{16}"),
        (("und", "et"), r"(?<=[\d)}\]])\s+(?:und|et)\s+(?=[-\d(\\{]|[a-z]\s*=)", " and "),
        (("oder", "ou"), r"(?<=[\d)}\]])\s+(?:oder|ou)\s+(?=[-\d(\\{]|[a-z]\s*[=<>\\])", " or "),
        (("than",), r"^([a-z]) (?:greater|larger|bigger) than(?! or)\b", r"\1 > "),
        (("than",), r"^([a-z]) (?:less|smaller) than(?! or)\b", r"\1 < "),
        (("each", "apiece"), r"(?<=[\w}]) (?:each|apiece)$", ""),
        (("i.e",), r"(?<=[\w)}%]),?\s+i\.e\.,?\s+(?=[-\d\\$])", " = "),
        (
            ("inclusive",),
            r"^(?:from|between) (-?[\d./]+|-?[a-z]) (?:to|and) (-?[\d./]+|-?[a-z]),? \(?inclusive\)?$",
            r"[\1, \2]",
        ),
        (("the ",), r"^the (?=\d)", ""),
        (("of a",), r"(?<=[\d}])\s+of an? (?=[a-z]+$)", " "),
        (("light",), r"\blight[ -]?years?\b", "ly"),
        (("electron",), r"\belectron[ -]volts?\b", "eV"),
        (("solar",), r"\bsolar mass(?:es)?\b", r"M_{\\odot}"),
        (("all real",), r"^all real numbers (?:except|other than|but)(?: for)? (?:[a-z] = )?(.+)$", _all_but),
        (("$", "\\"), rf"({_CURRENCY})\s?(\d[\d.,]*)\s?(k|m|mn|bn)\b", _abbreviated),
        (("ad", "ce", "a.d", "c.e"), r"^(\d{3,4})\s(?:AD|CE|A\.D\.|C\.E\.)$|^A\.?D\.?\s(\d{3,4})$", r"\1\2"),
        (("bce",), r"(?<=\d)\sBCE$", " BC"),
        (("thousand", "illion"), r"(?<=\d)\s*(thousand|million|billion|trillion)\b", _as_power_of_ten),
    )
)  # fmt: skip
"""Letters of which one must stand in a text in lower case, what is looked for then, and what takes its place."""
_ENGLISH = re.compile(r"[A-Za-z]{2}|\+/?-|\d[kKM]\b|\d [rR] \d")


def translated(text: str) -> str:
    """Phrases that have a sign of their own written as it, and `for any integer k` as `k \\in \\mathbb{Z}`."""
    if not _ENGLISH.search(text):
        return text
    lowered = text.casefold()
    for needed, pattern, replacement in _TRANSLATIONS:
        if needed(lowered):
            text = pattern.sub(replacement, text)
    if (
        "integer" in text
        or "real" in text
        or "number" in text
        or "constant" in text
        or "\\in" in text
        or "param" in text
    ):
        text = _BRACKETED_CONDITION.sub(r", \1", text)
        for pattern in (_FOR_ANY, _WHERE_IS):
            text = pattern.sub(_condition, text)
    return text


def _condition(match: re.Match[str]) -> str:
    found = match.groupdict()
    spelled = found.get("domain") or found.get("kind") or ""
    names = found.get("names") or found.get("more") or ""
    target = next(sign for pattern, sign in _DOMAINS if re.fullmatch(pattern, spelled))
    each = [name for name in re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+", names) if name]
    return "".join(f", {name} \\in {target}" for name in each)


def in_signs(text: str) -> str:
    """`all even integers` as 2k for every integer k; other words as they stand."""
    match = _PARITY.fullmatch(text)
    return f"2k{'' if match[1].lower() == 'even' else '+1'}, k \\in \\mathbb{{Z}}" if match else text


def without_opening(text: str) -> str:
    """`Therefore x = 5` from its x on."""
    while (opening := _OPENING.match(text)) is not None and opening.end() < len(text):
        text = text[opening.end() :]
    return text


_FOLLOWED = re.compile(
    r"(.{1,80}?)\s+(?:(?:is|are) (?:the|our|my) (?:final |correct |right |required )*"
    r"(?:answer|result|solution|option|choice)|(?:is|are) (?:correct|right|true)"
    r"|(?:are|is|were|was) (?:left(?: over)?|remaining|needed|required)|remain)",
    re.DOTALL,
)


def followed(text: str) -> str | None:
    """What stands before `is the answer`; None where the text does not end so."""
    match = _FOLLOWED.fullmatch(text)
    return match[1] if match else None


def lead_ins(text: str) -> list[tuple[str, str]]:
    """A sentence as what leads in and the value it leads to, for every verb that it may lead in with."""
    found = []
    adverbs = _ADVERBS.match(text)
    if adverbs is not None:
        found.append((adverbs[0].strip(), text[adverbs.end() :]))
    plain = _PLAIN.match(text)
    for verb in islice(_VERBS.finditer(text, 0, plain.end() + 1), MAX_VERBS) if plain else ():
        lead = text[: verb.end()].strip()
        if not _HEDGES & set(re.findall(r"[a-z]+", lead.casefold())):
            found.append((lead, text[verb.end() :]))
    return found


# -- sentences that stay what they are ---------------------------------------------------------------------------------

_WORDS_RUN = re.compile(
    r"(?<![\\\w{.])(?:[^\W\d_]{2,}(?:\.[^\W\d_]{2,})+(?=\()|[^\W\d_](?:[^\W\d_]+|-[^\W\d_]{2,})(?:['’-][^\W\d_]+)*(?![\w}(]))"
)
_EDGES = " \t\n,.;:?!()\"'`*#"
_DIMENSIONS = re.compile(r"(\d+)\s*(?:x|X|\\times|by)\s*(\d+)(?=[\s-]+[A-Za-z]{3,})")
"""A `2 x 3 matrix` is no product."""
MAX_PARTS = 400


def statement(text: str, value: Callable[[str], Node | None]) -> Node | None:
    """The sentence as words and values; None without words, or where what stands between them cannot be read."""
    parts: list[str | Node] = []
    position = 0
    text = _DIMENSIONS.sub(r"\1 by \2", text.replace("@", " at "))
    for word in _WORDS_RUN.finditer(text):
        if not _is_word(word[0], text[word.end() : word.end() + 2]) or _measures(
            word[0], text[position : word.start()]
        ):
            continue
        if not _between(text[position : word.start()], parts, value):
            return None
        parts.append(word[0].casefold())
        position = word.end()
        if len(parts) > MAX_PARTS:
            return None
    if position == 0 or not _between(text[position:], parts, value):
        return None
    if all(isinstance(part, str) for part in parts):
        return Words(" ".join(text.split()))
    return Statement(tuple(parts))


def _is_word(word: str, after: str) -> bool:
    if word in ("min", "max"):
        return after.strip()[:1] not in ("(", "{", "\\", "[")
    return word not in FUNCTIONS and word not in GREEK and not (word.isupper() and len(word) < 4)


def _measures(word: str, before: str) -> bool:
    """The word is the unit of the number in front of it, and part of the value."""
    return bool(re.search(r"[\d}][\s~]*$", before)) and len(word) < 4 and is_unit(word)


def _between(text: str, parts: list[str | Node], value: Callable[[str], Node | None]) -> bool:
    """Read what stands between two words, piece by piece if need be."""
    core = text.strip(_EDGES) if _balanced(text) else text.strip(" \t\n,.;:?!\"'`*#")
    core = core[:-1].rstrip() if core.endswith("-") else core
    if not core:
        return True
    node = value(core)
    if node is not None:
        parts.append(node)
        return True
    pieces = [
        piece.strip(_EDGES if _balanced(piece) else " \t\n,.;:?!")
        for piece in re.split(r"[,;:?]\s|\.\s|\s[–—-]\s", core)
    ]
    nodes = [value(piece) for piece in pieces if piece]
    if len(nodes) < 2 or any(node is None for node in nodes):
        return False
    parts.extend(node for node in nodes if node is not None)
    return True


def _balanced(text: str) -> bool:
    """Brackets at the edges enclose a remark rather than belong to a value."""
    core = text.strip(" \t\n,.;:?!\"'`*#")
    return core.count("(") != core.count(")") or not any(char.isdigit() or char == "\\" for char in core)


def is_description(name: str) -> bool:
    """A name in words (`area of triangle`), not a variable."""
    return len(name) > 3 and bool(re.fullmatch(r"[a-z][a-z' -]+", name)) and name not in GREEK
