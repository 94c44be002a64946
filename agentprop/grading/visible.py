"""A statement and the term that it is said to express → what of the term does not stand in the text, or the reverse.

This shares no code with the grammar that wrote and read the statement: it looks at numbers and words alone. Every given
must stand in the text as often as the term has it, and every number of the text must be a given or a constant of a
skill. Every node and relation of the term must have its word. Every skill must have one wording whose words are all in
the text; of a mined skill, whose sentences nobody has divided with care, every condition of a whole wording must be
there.

    >>> [str(number) for number in numbers(r"The $5$ boxes hold $1,200$ g; $\\frac{3}{4}$ of $x^2$, 2.50 each.")]
    ['5', '1200', '3', '4', '2', '5/2']
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from functools import lru_cache

from agentprop.composition.solution.checking import Number
from agentprop.composition.terms import (
    Apply,
    Combine,
    Count,
    Given,
    Least,
    LowestTerms,
    Printed,
    Program,
    Remainder,
    Sought,
    Term,
    Total,
    walk,
)
from agentprop.skills import Package, Spec, tellings
from agentprop.skills.constants import CONSTANTS
from agentprop.skills.values import parse
from agentprop.skills.values.models import READ

QUALIFIERS = frozenset({
    "adjacent", "after", "and", "another", "before", "both", "consecutive", "decreasing", "different", "distinct",
    "divisible", "double", "each", "either", "equal", "even", "every", "exactly", "except", "extra", "fewer", "fewest",
    "first", "greater", "greatest", "half", "if", "inclusive", "increasing", "integer", "integers", "largest", "last",
    "least", "left", "less", "minimum", "maximum", "more", "most", "multiple", "multiples", "negative", "neither",
    "never", "no", "nonnegative", "nonzero", "not", "odd", "once", "only", "or", "other", "per", "positive", "prime",
    "quarter", "remaining", "replacement", "respectively", "rest", "same", "smaller", "smallest", "third", "thrice",
    "times", "total", "triple", "twice", "unless", "until", "when", "whole", "without",
})  # fmt: skip
"""Words that can change what a sentence means without naming a thing."""

_RELATIONS = {
    "at_least": ("least",),
    "divisible": ("divisible", "multiple"),
    "odd": ("odd",),
    "equals": ("exactly", "equals"),
    "exceeds": ("greater", "exceeds"),
    "same": ("equal",),
}
_NODES: dict[type, tuple[str, ...]] = {
    Least: ("smallest", "least"),
    Total: ("sum",),
    Count: ("many", "number"),
    LowestTerms: ("lowest",),
    Remainder: ("remainder",),
    Sought: ("which", "must", "what"),
}
_FRAME_WORDS: dict[type, frozenset[str]] = {
    Least: frozenset({"smallest", "least", "integer"}),
    Total: frozenset({"integers", "total"}),
    Count: frozenset({"integers"}),
    Remainder: frozenset({"when"}),
    Sought: frozenset({"if"}),
    Program: frozenset({"integers"}),
}
"""Qualifiers in the sentences of a node, beside those of its relation."""
_ALWAYS = frozenset({"and", "no", "total"})
"""Qualifiers of sentences that belong to no node: they join explanations of symbols and count figures."""
_FRACTION_NOTE = "Give your answer as an integer or as a fraction in lowest terms."
"""Form of the answer to every question of that kind, which says nothing of the question."""
_ORDINAL = re.compile(r"(?<=>)(\$?)th\b")
"""Ending of a number in a wording; it stands in the statement as `st` or `nd` too."""
_FORMULA = re.compile(r"\$[^$]*\$")
_PRODUCT = re.compile(r"(?<![\\A-Za-z])([A-Za-z])([A-Za-z])(?![A-Za-z])")
_STEP = re.compile(r"^\d+\. ", re.MULTILINE)
_OPERATIONS = {"sum": ("sum",), "difference": ("exceed", "exceeds"), "product": ("product",)}

_NUMBER = re.compile(r"(?<![\w.])(\d{1,3}(?:,\d{3})+(?![\d,])|\d+)(\.\d+)?")
_SHORT_FRACTION = re.compile(r"\\[dtc]?frac(\d)(\d)")
_COMMAND = re.compile(r"\\[A-Za-z]+")
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_HOLE = re.compile(r"<\w+>")


def unseen(statement: str, term: Term, library: Mapping[str, Package]) -> str | None:
    """The first thing that is in the term and not in the text, or the reverse, in a sentence; None if there is none."""
    return next(_unseen(statement, term, library), None)


def _unseen(statement: str, term: Term, library: Mapping[str, Package]) -> Iterator[str]:
    statement = statement.replace(_FRACTION_NOTE, "")
    written, words = Counter(numbers(_STEP.sub("", statement))), Counter(_words(statement))
    nodes = list(dict.fromkeys(walk(term)))
    specs = [library[node.skill].spec for node in nodes if isinstance(node, Apply)]
    wanted, texts = _wanted(nodes, library)
    for number, times in wanted.items():
        if written[number] < times:
            yield f"the number {number} of the composition does not stand in the statement" + _often(times)
    yield from (f"“{text}” does not stand in the statement" for text in texts if text not in statement)
    if isinstance(term, Printed):  # the rest of its statement is code, which is compared to the letter
        return
    constants = {number for spec in specs for number in _constants(spec.name, _Texts(spec))}
    constants |= {number for text in texts for number in numbers(text)}  # a choice may name its data
    constants |= {0} if any(isinstance(node, LowestTerms) for node in nodes) else set()  # of "$q > 0$"
    for number in written:
        if number not in wanted and number not in constants:
            yield f"the number {number} of the statement has no part in the composition"
    for node in nodes:
        for choices in _signs(node):
            if not any(words[word] for word in choices):
                yield f"nothing in the statement says “{choices[0]}”"
    explained = _ALWAYS.union(*(_qualifiers(spec.name, _Texts(spec)) for spec in specs), *map(_frame_words, nodes))
    explained |= {word for text in texts for word in _bag(text)}
    for word in words:
        if word in QUALIFIERS and word not in explained:
            yield f"the word “{word}” of the statement has no part in the composition"
    for spec in dict.fromkeys(spec.name for spec in specs):
        if not _told(library[spec].spec, words):
            yield f"no wording of {spec} stands whole in the statement"


def _often(times: int) -> str:
    return f" {times} times" if times > 1 else ""


def numbers(text: str) -> list[Number]:
    """The numbers of a text without their signs, in order; a digit that belongs to a name is none."""
    found: list[Number] = []
    plain = _COMMAND.sub(" ", _SHORT_FRACTION.sub(r" \1 \2", text.replace("{,}", ",")))
    for match in _NUMBER.finditer(plain):
        whole = match[1].replace(",", "")
        found.append(Fraction(whole + match[2]) if match[2] else int(whole))
    return found


def _wanted(nodes: list[Term], library: Mapping[str, Package]) -> tuple[Counter[Number], list[str]]:
    """The numbers, with how often each is needed, and the texts that the term takes from the statement."""
    wanted, texts = Counter[Number](), list[str]()
    for node in nodes:
        if isinstance(node, Apply):
            parameters = library[node.skill].spec.parameters
            for name, value in node.arguments:
                if isinstance(value, Given) and parameters[name].kind in ("string", "choice"):
                    texts.append(value.text.strip("'\""))
                elif isinstance(value, Given) and parameters[name].kind == "words":
                    texts += re.findall(r"[a-z]+", value.text)
                elif isinstance(value, Given) and parameters[name].kind == "facts":
                    wanted.update(_told_numbers(parse(parameters[name], value.text)))
                elif isinstance(value, Given) and parameters[name].kind != "question":
                    wanted.update(numbers(value.text))
        for name in ("low", "high", "modulus"):
            if hasattr(node, name):
                wanted[getattr(node, name)] += 1
        if isinstance(node, Sought):
            wanted.update(numbers(node.value))
        relation = getattr(node, "relation", None)
        if relation is not None and relation.value is not None:
            wanted[relation.value] += 1
    return wanted, texts


def _told_numbers(facts: Iterable[tuple[str, object]]) -> Iterator[Number]:
    """The numbers that facts tell: those in their wordings are the wordings' own."""
    for value in (told for _, told in facts if not isinstance(told, bool)):
        assert isinstance(value, int | Fraction)  # facts tell of numbers
        yield abs(value.numerator)
        if value.denominator > 1:
            yield value.denominator


def _signs(node: Term) -> Iterator[tuple[str, ...]]:
    """Words of which one must stand in the text, for each thing that a node says."""
    if type(node) in _NODES:
        yield _NODES[type(node)]
    if isinstance(node, Combine):
        yield _OPERATIONS[node.op]
    if isinstance(node, Least | Count):
        yield _RELATIONS[node.relation.comparison]


def _frame_words(node: Term) -> frozenset[str]:
    relation = _RELATIONS[node.relation.comparison] if isinstance(node, Least | Count) else ()
    return _FRAME_WORDS.get(type(node), frozenset()).union(relation)


# --- wordings as bags of words ---


class _Texts:
    """The wordings of a skill, hashed by identity of the skill."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec

    def __hash__(self) -> int:
        return id(self.spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Texts) and other.spec is self.spec


def _every_text(spec: Spec) -> Iterator[str]:
    follows = (wording for wordings in spec.follows.values() for wording in wordings)
    yield from (wording.text for wording in (*spec.phrasings, *follows))
    yield from spec.value
    yield from spec.named
    yield from (text for text in (spec.step, spec.finish, spec.output.subject if spec.output else None) if text)
    yield from (word for words in spec.flavour.values() for word in words)
    yield from (CONSTANTS[name] for name in spec.constants)
    for parameter in spec.parameters.values():
        yield from (text for texts in (*parameter.phrases.values(), *parameter.tests.values()) for text in texts)
        yield from parameter.counted
    if spec.is_object:
        yield from (text for texts in READ.values() for text in texts)


@lru_cache(maxsize=16384)
def _constants(name: str, texts: _Texts) -> frozenset[Number]:
    """Numbers that stand in a skill's own wordings."""
    return frozenset(number for text in _every_text(texts.spec) for number in numbers(_HOLE.sub(" x ", text)))


@lru_cache(maxsize=16384)
def _qualifiers(name: str, texts: _Texts) -> frozenset[str]:
    """Qualifiers that stand in a skill's own wordings."""
    told = (text for wording in _every_text(texts.spec) for text in tellings(wording))
    return frozenset(word for text in told for word in _bag(text) if word in QUALIFIERS)


@lru_cache(maxsize=16384)
def _bags(name: str, texts: _Texts) -> tuple[Counter[str], ...]:
    """Words of every telling of a skill that the statement may hold."""
    spec = texts.spec
    follows = [wording for wordings in spec.follows.values() for wording in wordings]
    parts = [*spec.value, *(text for text in (spec.step, spec.finish) if text)]
    if spec.evidence != "self-consistent":
        parts += [text for wording in (*spec.phrasings, *follows) for text in (wording.scene, wording.text) if text]
    bags = [_bag(told) for text in parts for told in tellings(text)]
    if spec.evidence == "self-consistent":
        for wording in spec.phrasings:
            conditions = Counter({word: n for word, n in _bag(wording.text).items() if word in QUALIFIERS})
            scene = _bag(wording.scene) if wording.scene else _bag(wording.text)
            bags.append(scene | conditions)
    return tuple(bags)


def _bag(text: str) -> Counter[str]:
    return Counter(_words(_HOLE.sub(" ", _ORDINAL.sub(r"\1", text))))


def _words(text: str) -> list[str]:
    """The words of a text; a product of two letters is two words, for in a wording one of them may be a hole.

    >>> _words("Expand $1+cx-Nx^2$ at once.")
    ['expand', 'c', 'x', 'n', 'x', 'at', 'once']
    """
    spread = _FORMULA.sub(lambda found: _PRODUCT.sub(r"\1 \2", found[0]), text)
    return _WORD.findall(spread.lower())


def _told(spec: Spec, words: Counter[str]) -> bool:
    return any(bag <= words for bag in _bags(spec.name, _Texts(spec)))
