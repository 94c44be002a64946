"""Answers that are no mathematics, compared as what they are: words, sentences, labels, dates, times, chemistry.

Each rule takes both trees and tells what it decides, or None where the pair is not its business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from agentprop.answers.algebra.truth_tables import truth_tables
from agentprop.answers.outcome import PRED_UNREADABLE, Equivalence, all_same, different, same, undetermined
from agentprop.answers.reading.chemistry import chemical, composition
from agentprop.answers.reading.grammar import words as split
from agentprop.answers.reading.nodes import (
    Clock,
    Collection,
    Day,
    Formula,
    Labelled,
    Node,
    Proposition,
    Quantity,
    Reaction,
    Statement,
    Symbol,
    Truth,
    Words,
    is_scalar,
)
from agentprop.answers.reading.sentences import lead_ins
from agentprop.answers.reading.words import comparable, same_text

Compare = Callable[[Node, Node], Equivalence]
MAX_CERTAIN_WORDS = 3
"""Answers of so few words that differ are different; longer ones may say the same in other words."""

_NEGATIONS = frozenset(("not", "neither", "nor", "no", "never", "or", "except", "cannot"))
_EMPTY_WORDS = frozenset(split(
    "is are be was it its this that there of in on for to and as at by with which who we so"
))  # fmt: skip


# -- words and sentences ---------------------------------------------------------------------------------------------


def words(gold: Node, pred: Node, compare: Compare) -> Equivalence | None:
    """Truths and words; a value on the other side is something else."""
    match gold, pred:
        case Truth(a), Truth(b):
            return different("truth", "one says yes, the other no") if a != b else same("truth", "both say so")
        case Words(a, quoted_a), Words(b, quoted_b):
            return _two_words(a, b, exact=quoted_a or quoted_b)
        case (Words(_, False) as phrase, Collection("set", ())) | (Collection("set", ()), Words(_, False) as phrase):
            return _empty_or_none(phrase)
        case Statement(), Statement():
            return _two_statements(gold, pred, compare)
        case Statement(), _:
            return _statement_against_value(gold, pred, compare)
        case _, Statement():
            if isinstance(gold, Words):
                return _unlike(str(gold.value), _spoken(pred))
            if (limit := _bounded(pred)) is not None and compare(gold, limit).status != "different":
                return undetermined(
                    "bound", "the prediction is a bound, and the question may ask for the least or greatest value"
                )
            return different(PRED_UNREADABLE, "the prediction is a sentence from which no one answer can be read")
        case (Formula() | Reaction(), Words()) | (Words(), Formula() | Reaction()):
            return undetermined("chemistry", "one is a formula, the other may be its name")
        case (Words() | Truth(), _) | (_, Words() | Truth()):
            return different("kind", "one is in words, the other is a mathematical value")
    return None


def _empty_or_none(phrase: Words) -> Equivalence:
    """`none` may be the empty set, and may be something else."""
    if phrase.value == "none":
        return undetermined("words", "`none` may or may not mean that there is no solution")
    return different("kind", "one is in words, the other is a mathematical value")


def _two_words(left: str, right: str, *, exact: bool) -> Equivalence:
    if left == right:
        return same("text", "the words agree")
    if exact or _two_substances(left, right):
        return different("text", f"{left[:80]!r} is not {right[:80]!r}")
    if _symbol_and_capitals(left, right) or _symbol_and_capitals(right, left):
        return undetermined("case", f"{left!r} and {right!r} differ in case, which tells chemical symbols apart")
    left, right = _without_subject(left), _without_subject(right)
    for lead, one in (("", left), *lead_ins(left)):
        for other_lead, other in (("", right), *lead_ins(right)):
            if same_text(one, other) and (not lead or not other_lead or same_text(lead, other_lead)):
                return same("text", "the words agree")
    if same_text(_COPULA.sub("", left), _COPULA.sub("", right)):
        return same("text", "the words agree")
    if any(same_text(_SORT.sub("", one), other) for one, other in ((left, right), (right, left))):
        return same("text", "the words agree, and one says of what sort of thing")
    if _are_one_name(left, right):
        return undetermined("name", "one may be the other's name in another order, or with initials")
    items = [sorted(map(comparable, re.split(r"\s*[,;]\s*(?:and\s+)?|\s+and\s+", side))) for side in (left, right)]
    if len(items[0]) > 1 and items[0] == items[1]:
        return undetermined("order", "the same words in another order, which may or may not count")
    return _unlike(left, right)


_NAME = re.compile(r"(?:[A-Z](?:\.|[\w'’-]*\.?)(?:\s+|(?<=\.)|$)){2,5}")


def _are_one_name(left: str, right: str) -> bool:
    """`Einstein, Albert`, `A. Einstein` and `Albert Einstein`: one family name, and given names that agree."""
    names = []
    for text in (left, right):
        last, comma, first = text.partition(", ")
        whole = f"{first} {last}" if comma else text
        if not _NAME.fullmatch(whole):
            return False
        names.append(whole.replace(".", ". ").split())
    (*given, family), (*other, of_other) = sorted(names, key=len)
    agree = (
        one == two or (one[0] == two[0] and "." in one[1:2] + two[1:2]) for one, two in zip(given, other, strict=False)
    )
    return family == of_other and all(agree) and all(left_out[1:] == "." for left_out in other[len(given) :])


_SORT = re.compile(
    r"(?<=[a-z]) (?:triangles?|angles?|functions?|equations?|lines|sequence|series|distribution|reaction|bonds?"
    r"|geometry|shape)$"
)
"""What is isosceles, obtuse, linear, parallel, arithmetic, normal, exothermic, ionic or tetrahedral."""


def _two_substances(left: str, right: str) -> bool:
    """CO and Co: the same letters, whose case tells two substances apart."""
    formulas = [chemical(text.strip(), said=True) if len(text) < 8 else None for text in (left, right)]
    return None not in formulas and formulas[0] != formulas[1]


def _symbol_and_capitals(symbol: str, capitals: str) -> bool:
    """Na and NA: the symbol of an element, and other capitals."""
    return (
        capitals.isupper() and symbol.istitle() and symbol.upper() == capitals
        and len(symbol) == 2 and chemical(symbol, said=True) is not None
    )  # fmt: skip


_SUBJECT = re.compile(
    r"(?:it|they|this)\s+(?=[a-z]{3,}s?$)|the\s+[a-z]+\s+(?=(?:in|de)creases?|(?:con|di)verges?|rises?|falls?|doubles?|halves?"
    r"|(?:does|do|has|is|are|exists?)\b)|(?:to|on|at)\s+the\s+(?=[a-z]+$)"
    r"|(?:on|in)\s+(?=(?-i:[A-Z])[a-z]+$)",
    re.IGNORECASE,
)


_WINNING = re.compile(
    r"\s+(?:(?:always\s+|will\s+)?wins?(?:\s+the\s+game)?|has\s+(?:a|the)\s+winning\s+strategy)$", re.IGNORECASE
)
_COPULA = re.compile(r"(?<=\S)\s+(?:is|are)(?=\s+[a-z]+$)")


def _without_subject(text: str) -> str:
    """`It increases` is `increases`, `to the left` is `left`, and `Bob wins` is `Bob`."""
    match = _SUBJECT.match(text)
    return _WINNING.sub("", text[match.end() :] if match else text)


def _unlike(left: str, right: str) -> Equivalence:
    """Different unless one may paraphrase the other: more than a few words, and all of one in the other."""
    found = [[word for word in comparable(text) if word not in _EMPTY_WORDS] for text in (left, right)]
    few, many = sorted((set(words) for words in found), key=len)
    if max(map(len, found)) > MAX_CERTAIN_WORDS and few and few <= many and not (many - few) & _NEGATIONS:
        return undetermined("words", f"{left[:60]!r} and {right[:60]!r} may say the same")
    return different("text", f"{left[:80]!r} is not {right[:80]!r}")


def _spoken(statement: Statement) -> str:
    return " ".join(part if isinstance(part, str) else "_" for part in statement.parts)


_BOUNDS = (
    ("at", "least"),
    ("at", "most"),
    ("up", "to"),
    ("no", "more", "than"),
    ("no", "less", "than"),
    ("no", "fewer", "than"),
)


def _bounded(statement: Statement) -> Node | None:
    """The 42 of `at least 42`, and of `at least 42 cups`; None for any other sentence."""
    place = next((k for k, part in enumerate(statement.parts) if not isinstance(part, str)), 0)
    value, behind = statement.parts[place], statement.parts[place + 1 :]
    plain = len(behind) < 2 and all(isinstance(part, str) and part not in _NEGATIONS for part in behind)
    return value if plain and statement.parts[:place] in _BOUNDS and not isinstance(value, str) else None


def _two_statements(gold: Statement, pred: Statement, compare: Compare) -> Equivalence:
    """The same words with the same values; the same words with other values are different."""
    left, right = (tuple(_without_articles(side.parts)) for side in (gold, pred))
    skeletons = [[part if isinstance(part, str) else None for part in side] for side in (left, right)]
    if skeletons[0] == skeletons[1]:
        pairs = [(a, b) for a, b in zip(left, right, strict=True) if not isinstance(a, str) and not isinstance(b, str)]
        return all_same((compare(a, b) for a, b in pairs), "sentence")
    values = [[part for part in side if not isinstance(part, str)] for side in (left, right)]
    if len(values[0]) == len(values[1]):
        verdicts = [compare(a, b) for a, b in zip(*values, strict=True)]
        if all(verdict.status == "same" for verdict in verdicts):
            if _are_opposite(_spoken(gold), _spoken(pred)):
                return different("words", "the sentences say opposite things of the same values")
            return undetermined("words", "the sentences hold the same values in other words")
    return _unlike(_spoken(gold), _spoken(pred))


_OPPOSITES = tuple(pair.split("/") for pair in split("""
    increas/decreas gain/lose gain/loss gains/loses profit/loss north/south east/west left/right upward/downward up/down
    above/below clockwise/counterclockwise clockwise/anticlockwise inward/outward attract/repul maximum/minimum
    converg/diverg rise/fall rises/falls positive/negative even/odd least/most more/less more/fewer greater/smaller
    greater/less absorb/releas exotherm/endotherm
"""))  # fmt: skip


def _are_opposite(left: str, right: str) -> bool:
    """`an increase of _` and `a decrease of _`: what only one says is the opposite of what only the other says."""
    found = set(left.split()), set(right.split())
    only = [found[0] - found[1], found[1] - found[0]]
    if (only[0] | only[1]) & _NEGATIONS:
        return False
    return any(
        any(_begins(word, one) for word in only[0]) and any(_begins(word, other) for word in only[1])
        for pair in _OPPOSITES
        for one, other in (pair, pair[::-1])
    )


def _begins(word: str, stem: str) -> bool:
    return word == stem or (len(stem) > 4 and word.startswith(stem))


def _without_articles(parts: Sequence[str | Node]) -> list[str | Node]:
    return [part for part in parts if part not in ("a", "an", "the")]


def _statement_against_value(gold: Statement, pred: Node, compare: Compare) -> Equivalence:
    """A sentence says something else than a value that does not occur in it; one that does may be all it says."""
    values = [part for part in gold.parts if not isinstance(part, str)]
    if isinstance(pred, Words | Truth):
        return _unlike(_spoken(gold), pred.value if isinstance(pred, Words) else "")
    if not (is_scalar(pred) or isinstance(pred, Quantity)):
        return undetermined("sentence", "the right answer is a sentence, the prediction a formula")
    if any(compare(value, pred).status != "different" for value in values):
        return undetermined("sentence", "the right answer is a sentence in which this value occurs")
    return different("sentence", "the right answer is a sentence in which this value does not occur")


# -- labels ----------------------------------------------------------------------------------------------------------


def labelled(gold: Node, pred: Node, compare: Compare) -> Equivalence | None:
    """`(a) 3` meets `(a) 3` and `3`; `(a) 3; (b) 5` meets its parts in any order, and `3; 5` in theirs."""
    match gold, pred:
        case Labelled(a, left), Labelled(b, right):
            if a != b:
                return different("label", f"label {a} is not label {b}")
            return compare(left, right)
        case (Labelled(), Symbol(name)) | (Symbol(name), Labelled()):
            return different("label", f"{name} is a name, the other an answer with a label")
        case Labelled(_, content), other:
            return compare(content, other)
        case other, Labelled(_, content):
            return compare(other, content)
        case Collection("parts", left), Collection("parts", right):
            return _parts(left, right, compare)
        case Collection("parts", items), other:
            return _parts_against(items, other, compare, swapped=False)
        case other, Collection("parts", items):
            return _parts_against(items, other, compare, swapped=True)
    return None


def _parts(left: Sequence[Node], right: Sequence[Node], compare: Compare) -> Equivalence:
    if len(left) != len(right):
        return different("parts", f"{len(left)} parts against {len(right)}")
    pairs = zip(sorted(left, key=_label), sorted(right, key=_label), strict=True)
    return all_same((compare(a, b) for a, b in pairs), "parts")


def _label(part: Node) -> str:
    return part.label if isinstance(part, Labelled) else ""


def _parts_against(items: Sequence[Node], other: Node, compare: Compare, *, swapped: bool) -> Equivalence:
    if not isinstance(other, Collection) or other.kind not in ("bare", "tuple") or len(other.items) != len(items):
        return different("parts", f"one has {len(items)} parts, the other has not")
    contents = [item.content if isinstance(item, Labelled) else item for item in sorted(items, key=_label)]
    pairs = zip(other.items, contents, strict=True) if swapped else zip(contents, other.items, strict=True)
    return all_same((compare(a, b) for a, b in pairs), "parts")


# -- dates and times -------------------------------------------------------------------------------------------------


def moments(gold: Node, pred: Node, compare: Compare) -> Equivalence | None:
    """Dates and times of day; a year or a half of the day that one side leaves open is not held against it."""
    match gold, pred:
        case Day(), Day():
            return _days(gold, pred)
        case Clock(), Clock():
            return _clocks(gold, pred)
        case (Day() | Clock(), _) | (_, Day() | Clock()):
            return different("kind", "one is a date or a time, the other is not")
    return None


def _days(gold: Day, pred: Day) -> Equivalence:
    for part in ("month", "day", "year"):
        left, right = getattr(gold, part), getattr(pred, part)
        if left != right and left is not None and right is not None:
            return different("date", f"not the same {part}")
    if gold == pred:
        return same("date", "the same date")
    missing = "year" if gold.year != pred.year else "day"
    return undetermined("date", f"one names no {missing}")


def _clocks(gold: Clock, pred: Clock) -> Equivalence:
    if gold.seconds == pred.seconds:
        return same("time", "the same time")
    if gold.seconds % 43_200 == pred.seconds % 43_200 and not (gold.half_known and pred.half_known):
        return undetermined("time", "one does not say whether morning or afternoon is meant")
    return different("time", "not the same time")


# -- chemistry -------------------------------------------------------------------------------------------------------


def chemistry(gold: Node, pred: Node, compare: Compare) -> Equivalence | None:
    """Formulas group by group, reactions side by side; the same atoms in another order may be meant."""
    match gold, pred:
        case Formula(), Formula():
            return formulas(gold, pred)
        case Reaction(a, b), Reaction(c, d):
            if len(a) != len(c) or len(b) != len(d):
                return different("chemistry", "the reactions differ in their substances")
            return all_same((formulas(x, y) for x, y in zip((*a, *b), (*c, *d), strict=True)), "chemistry")
        case (Formula() | Reaction(), _) | (_, Formula() | Reaction()):
            return different("kind", "one is a chemical formula, the other is not")
    return None


def formulas(left: Formula, right: Formula) -> Equivalence:
    if left.count != right.count:
        return different("chemistry", "the coefficients differ")
    if left.state and right.state and left.state != right.state:
        return different("chemistry", "the substances are in different states")
    for one in _meanings(left):
        for other in _meanings(right):
            if one == other:
                return same("chemistry", "the same chemical formula")
    if left.charge == right.charge and composition(left) == composition(right):
        return undetermined("chemistry", "the same atoms in another order")
    return different("chemistry", "different chemical formulas")


def _meanings(formula: Formula) -> list[tuple[tuple[tuple[str, int], ...], int]]:
    found = [(formula.groups, formula.charge)]
    if formula.other_charge is not None:
        *rest, (symbol, _) = formula.groups
        found.append(((*rest, (symbol, 1)), formula.other_charge))
    return found


# -- logic -----------------------------------------------------------------------------------------------------------


def logic(gold: Node, pred: Node, compare: Compare) -> Equivalence | None:
    """Formulas: the same as they are written, different by their truth tables, open where only these agree."""
    match gold, pred:
        case Proposition(left), Proposition(right):
            if left == right:
                return same("logic", "the same formula")
            values = truth_tables(left, right)
            if values is not None and values[0] != values[1]:
                return different("logic", "the truth tables differ")
            return undetermined("logic", "formulas that are written differently, and may say the same")
        case (Proposition(), _) | (_, Proposition()):
            return different("kind", "one is a formula of logic, the other is not")
    return None


# -- names of what is counted ----------------------------------------------------------------------------------------

_DETERMINERS = frozenset(split(
    "such different distinct possible total whole valid unique of the real more"
))  # fmt: skip


def counts(gold: Quantity, pred: Quantity, compare: Compare) -> Equivalence:
    """`5 cats` is not `5 dogs`; `5 such integers` are `5 integers`."""
    names = [[word for word in re.split(r"\s+", side.unit.name) if word not in _DETERMINERS] for side in (gold, pred)]
    left, right = names
    if left and right and left[-1] == right[-1] and (set(left) <= set(right) or set(right) <= set(left)):
        return compare(gold.value, pred.value)
    return different("units", f"{gold.unit.name} and {pred.unit.name} are different things")
