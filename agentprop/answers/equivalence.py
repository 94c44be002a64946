"""Two answers, as text in any usual notation, to `same`, `different` or `undetermined`, with the rule that decided.

The cascade: extraction (`reading.extract`) → plain numbers and labels → readings of both texts (`reading.reader`) →
shapes and words, then exact rational arithmetic, all in the caller's thread and bounded by the size of the text;
whatever is left goes to a killable worker process (`workers`), where algebraic numbers, logarithms, intervals and
symbols are decided (`compare_deep`).

Policies: `same` needs a complete reading of both texts. A right answer that cannot be read is `undetermined`
(`gold-unreadable`); a prediction that cannot be read is not the answer (`pred-unreadable`). Decimals are exact unless
`precision` is stated; a percent is the number it is (12% = 0.12, not 12); a unit given on one side only is understood
on the other unless `require_unit`; variables are real, and expressions are the same when they agree wherever both are
defined; an ambiguous slash (1/2x) may be read either way. Nothing in either text is ever evaluated: both only pass our
own parser.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from agentprop.answers.choices import Choices, compare_choices, compare_labels
from agentprop.answers.compare_scalars import QuickScalars, compare_rationals
from agentprop.answers.compare_shapes import Comparison, Scalars
from agentprop.answers.compare_species import compare_species
from agentprop.answers.kinds import KINDS, AnswerKind, as_kind, compare_strings, is_exact
from agentprop.answers.outcome import (
    GOLD_UNREADABLE,
    PRED_UNREADABLE,
    Equivalence,
    Hard,
    Unresolved,
    different,
    same,
    undetermined,
)
from agentprop.answers.precision import stated
from agentprop.answers.reading.basis_points import in_percent
from agentprop.answers.reading.counters import is_count, nouns_of
from agentprop.answers.reading.extract import DEFAULT_POLICY, ExtractionPolicy, final_answer, gold_answer
from agentprop.answers.reading.nodes import (
    Collection,
    Day,
    Node,
    Number,
    Operation,
    Quantity,
    Relational,
    Truth,
    Words,
    apply,
    is_closed,
    symbols,
    walk,
)
from agentprop.answers.reading.plain import plain_number
from agentprop.answers.reading.reader import Reading, read
from agentprop.answers.reading.tokens import MAX_CHARS
from agentprop.answers.reading.typography import clean
from agentprop.answers.reading.words import same_text
from agentprop.answers.workers import Pool, Reply
from agentprop.errors import InputError

DEFAULT_TIMEOUT_S = 5.0
"""Seconds a worker may compute on one pair, by its processor's clock; nearly all pairs take milliseconds."""


def equivalent(
    *,
    gold: str,
    pred: str,
    precision: int | str | None = None,
    choices: Choices | None = None,
    unit: str | None = None,
    require_unit: bool = False,
    kind: AnswerKind | None = None,
    ignore_case: bool = False,
    question: str | None = None,
    policy: ExtractionPolicy = DEFAULT_POLICY,
    timeout_s: float = DEFAULT_TIMEOUT_S,
) -> Equivalence:
    """Do the two texts give the same answer?

    `precision` is what the question states: an int for significant figures, or text (see `precision.stated`).
    `choices` are the options of a multiple-choice question, in order or by label.
    `unit` is the unit the question asks for: a bare number on either side is read in it (`%` included).
    `kind` is what kind of answer it is, where the question says so: strings are then compared exactly, lists in their
    order, sets without it. `ignore_case` is for strings whose question says that case does not matter.
    `question` is the question's own text: numbers may count what it asks for.
    `policy` says what of a response counts as its answer (see `ExtractionPolicy`).
    """
    spec = AnswerSpec(precision, choices, unit, require_unit, kind, ignore_case, question)
    spec.check()
    if not isinstance(gold, str) or not isinstance(pred, str):
        raise InputError("Answers are compared as text.", hint="Pass str values as gold= and pred=.")
    if (verdict := _at_a_glance(gold, pred, spec)) is not None:
        return verdict
    pair = gold_answer(gold), final_answer(pred, policy)
    if pair[1].strip() and not spec.choices and _same_typography(gold, pred):
        return same("identical", "the texts are identical but for their typography")
    try:
        return _but_for_zeros(*pair, spec, judge(*pair, spec, QuickScalars()))
    except Hard:
        return _judge_in_worker(*pair, spec, timeout_s)


def _at_a_glance(gold: str, pred: str, spec: AnswerSpec) -> Equivalence | None:
    """Plain numbers, boxed or not: most pairs there are, decided in microseconds."""
    if not spec.is_plain:
        return None
    left, right = plain_number(gold), plain_number(pred)
    if left is None or right is None:
        return None
    return _but_for_zeros(gold, pred, spec, compare_rationals(left, right, stated(spec.precision)))


_DIGITS = re.compile(
    r"\b(?:(?:bit|binary|digit|code)[ -]?(?:string|sequence|word|code)s?|strings?|codewords?|pin|password)\b", re.I
)


_LEADING_ZERO = re.compile(r"[\s$]*(?:\\boxed\s*\{\s*)?0\d+[\s$.}]*")


def _but_for_zeros(gold: str, pred: str, spec: AnswerSpec, verdict: Equivalence) -> Equivalence:
    """The verdict, unless one of two equal numbers begins with a zero that may count."""
    if verdict.status != "same" or (_LEADING_ZERO.fullmatch(gold) is None) == (_LEADING_ZERO.fullmatch(pred) is None):
        return verdict
    told = "one begins with a zero, which counts in a string of digits"
    return undetermined("zeros", told) if spec.of_digits else verdict


def _same_typography(left: str, right: str) -> bool:
    """The same text once fonts, delimiters and runs of spaces are gone."""
    if left == right:
        return True
    if max(len(left), len(right)) > MAX_CHARS:
        return False
    words = clean(left).split()
    return bool(words) and words == clean(right).split()


def equivalent_batch(
    pairs: Iterable[tuple[str, str] | Mapping[str, Any]], *, threads: int | None = None, **options: Any
) -> list[Equivalence]:
    """The verdicts of many pairs, in their order, as many at once as there are worker processes.

    A pair is (gold, pred), or a mapping with `gold`, `pred` and whatever other arguments of `equivalent` are its own;
    `options` are arguments that hold for all pairs.
    """
    calls = [{**options, **_arguments(pair)} for pair in pairs]
    with ThreadPoolExecutor(threads or POOL.size) as executor:
        return list(executor.map(lambda call: equivalent(**call), calls))


def _arguments(pair: tuple[str, str] | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(pair, Mapping):
        return dict(pair)
    if isinstance(pair, Sequence) and not isinstance(pair, str) and len(pair) == 2:
        return {"gold": pair[0], "pred": pair[1]}
    raise InputError("A pair is (gold, pred) or a mapping with `gold` and `pred`.", hint=f"This one is {pair!r:.80}.")


@dataclass(frozen=True, slots=True)
class AnswerSpec:
    """What the question says about its answer."""

    precision: int | str | None = None
    choices: Choices | None = None
    unit: str | None = None
    require_unit: bool = False
    kind: AnswerKind | None = None
    ignore_case: bool = False
    question: str | None = None

    def check(self) -> None:
        """Raises `InputError` for a precision, a unit or a kind that is not known."""
        stated(self.precision)
        if self.unit is not None and _reading_of_unit(self.unit) is None:
            raise InputError(f"The unit {self.unit!r} is not known.", hint="Write it as in an answer, such as 'm/s^2'.")
        if self.kind is not None and self.kind not in KINDS:
            raise InputError(f"No kind of answer is called {self.kind!r}.", hint=f"Kinds are {', '.join(KINDS)}.")

    @property
    def is_plain(self) -> bool:
        """Nothing is said that changes how numbers compare."""
        return self.choices is None and self.unit is None and self.kind in (None, "number")

    @property
    def of_digits(self) -> bool:
        """Whether the question may ask for a string of digits, in which a leading zero counts."""
        return self.kind is None and bool(self.question and _DIGITS.search(self.question))

    @property
    def nouns(self) -> frozenset[str]:
        """What the question may ask for a number of."""
        return nouns_of(self.question) if self.question else frozenset()


def judge(gold: str, pred: str, spec: AnswerSpec, scalars: Scalars) -> Equivalence:
    """The cascade on two answers' texts with the given means of deciding scalars; raises `Hard` only if those do."""
    if (verdict := _at_a_glance(gold, pred, spec)) is not None:
        return verdict
    if not gold.strip() or not pred.strip():
        return different("empty", "an empty answer is no answer")
    if spec.kind == "string":
        return compare_strings(gold, pred, ignore_case=spec.ignore_case)
    if spec.choices is not None:

        def contents(left: str, right: str) -> Equivalence:
            return compare_texts(left, right, spec, scalars)

        return compare_choices(gold, pred, spec.choices, contents)
    return compare_texts(gold, pred, spec, scalars)


def judge_request(request: dict[str, Any]) -> Reply:
    """One pair with every means there is; called in a worker, which loads sympy when it needs it."""
    from agentprop.answers.compare_deep import DeepScalars

    gold, pred = request.pop("gold"), request.pop("pred")
    try:
        verdict = judge(gold, pred, AnswerSpec(**request), DeepScalars())
    except (MemoryError, RecursionError, OverflowError) as error:
        verdict = undetermined("resources", f"stopped by a {type(error).__name__}")
    return {"status": verdict.status, "rule": verdict.rule, "why": verdict.why}


POOL = Pool(judge_request)


def _judge_in_worker(gold: str, pred: str, spec: AnswerSpec, timeout_s: float) -> Equivalence:
    choices = spec.choices
    request = {
        "gold": gold,
        "pred": pred,
        "precision": spec.precision,
        "choices": dict(choices) if isinstance(choices, Mapping) else None if choices is None else list(choices),
        "unit": spec.unit,
        "require_unit": spec.require_unit,
        "kind": spec.kind,
        "ignore_case": spec.ignore_case,
        "question": spec.question,
    }
    reply = POOL.ask(request, timeout_s)
    if reply is None:
        return undetermined("timeout", f"not decided within {timeout_s:g} s")
    return Equivalence(reply["status"], reply["rule"], reply["why"])  # type: ignore[arg-type]


def compare_texts(gold: str, pred: str, spec: AnswerSpec, scalars: Scalars) -> Equivalence:
    """Two answers' texts, whatever they are."""
    pred = _EXTREME.sub("", pred) if spec.question and _ASKED_EXTREME.search(spec.question) else pred
    if gold == pred:
        return same("identical", "the texts are identical")
    pred = _unbracketed(pred) if "[[" in pred and "[" not in gold else pred
    gold, pred = in_percent(gold, pred), in_percent(pred, gold)
    if max(len(gold), len(pred)) > MAX_CHARS:
        return _oversized(gold, pred)
    if _same_typography(gold, pred):
        return same("identical", "the texts are identical but for their typography")
    texts = clean(gold), clean(pred)
    labels = compare_labels(*texts) if spec.kind in (None, "label") else None
    if labels is not None:
        return labels
    if (species := compare_species(*texts)) is not None:
        return species
    left, right = read(gold, spec.nouns), read(pred, spec.nouns)
    unreadable = _unreadable(left, right)
    if unreadable is not None:
        return unreadable
    if left.ignored and right.ignored and isinstance(left.node, Truth) and not same_text(left.ignored, right.ignored):
        return undetermined("reason", "both give a reason, and not the same one")
    golds, preds = (as_kind(side.nodes, spec.kind) for side in (left, right))
    if not golds or not preds:
        return _of_another_kind(bool(golds), spec.kind or "")
    comparison = Comparison(scalars, stated(spec.precision), spec.require_unit)
    try:
        bare = not any(map(_has_unit, golds))
        return _best_reading(_in_units(golds, spec.unit), _in_units(preds, spec.unit, also=bare), comparison)
    except Unresolved as unresolved:
        return undetermined("open", str(unresolved))


_EXTREME = re.compile(r"^\s*(?:at least|at most|no (?:more|less|fewer) than)\s+", re.IGNORECASE)
_ASKED_EXTREME = re.compile(
    r"\b(?:minim(?:um|al)|maxim(?:um|al)|least|smallest|fewest|lowest|most|largest|greatest|highest)\b", re.I
)
"""A question for an extreme value, which `at least 42` answers."""


_VERDICT = re.compile(r"\s*\[\[([^\[\],;&]{1,60})\]\]\s*")


def _unbracketed(text: str) -> str:
    """`[[42]]`, as judges are told to write verdicts, without its brackets."""
    found = _VERDICT.fullmatch(text)
    return found[1] if found else text


def _oversized(gold: str, pred: str) -> Equivalence:
    if gold.split() == pred.split():
        return same("identical", "the texts are identical up to spaces")
    if min(len(gold), len(pred)) > MAX_CHARS:
        return undetermined("oversized", f"both answers are longer than {MAX_CHARS:,} characters and differ as text")
    return different("oversized", f"one answer is longer than {MAX_CHARS:,} characters, so it is not the other")


def _unreadable(gold: Reading, pred: Reading) -> Equivalence | None:
    if not gold.complete:
        return undetermined(GOLD_UNREADABLE, f"the right answer cannot be read: {gold.remainder}")
    if not pred.complete:
        return different(PRED_UNREADABLE, f"the prediction cannot be read as an answer: {pred.remainder}")
    return None


def _of_another_kind(gold_fits: bool, kind: str) -> Equivalence:
    if not gold_fits:
        return undetermined(GOLD_UNREADABLE, f"the right answer is no {kind}")
    return different(PRED_UNREADABLE, f"the prediction is no {kind}")


def _best_reading(golds: tuple[Node, ...], preds: tuple[Node, ...], comparison: Comparison) -> Equivalence:
    """Same if one joint reading is; otherwise the verdict on the usual readings of both."""
    golds, preds = _joint(golds, preds)
    verdicts: list[Equivalence] = []
    hard: Hard | None = None
    if len(golds) * len(preds) > 1 and isinstance(golds[0], Day) and isinstance(preds[0], Day):
        return _exchanged_dates(golds, preds, comparison)
    for left in golds:
        for right in preds:
            try:
                verdict = comparison.compare(left, right)
            except Hard as postponed:
                hard = postponed
                continue
            if verdict.status == "same":
                return verdict if left is golds[0] or not _is_mixed(golds) else _MIXED
            if not (isinstance(left, Words) or isinstance(right, Words)) or len(golds) == len(preds) == 1:
                verdicts.append(verdict)
    if hard is not None:
        raise hard
    if not verdicts:
        return different("kind", "one is in words, the other is a value")
    return next((verdict for verdict in verdicts if verdict.status == "undetermined"), verdicts[0])


_MIXED = undetermined("mixed", "the right answer may be two things, such as one and a half or two values")


def _is_mixed(golds: tuple[Node, ...]) -> bool:
    """`1 and 1/2`, which is 3/2 or a list; `P(5, 2)`, a point or a number of arrangements."""
    if len(golds) > 1 and isinstance(golds[0], Relational) and isinstance(golds[0].right, Collection):
        return any(isinstance(node, Operation) and is_closed(node) for node in golds)
    fraction = isinstance(golds[0], Number) and golds[0].value.denominator > 1
    return fraction and any(isinstance(node, Collection) and node.kind == "bare" for node in golds)


def _exchanged_dates(golds: tuple[Node, ...], preds: tuple[Node, ...], comparison: Comparison) -> Equivalence:
    """3/5/2021 may be in March or in May: the same only if the other side leaves it as open."""
    verdicts = [comparison.compare(left, right) for left in golds for right in preds]
    if any(verdict.status == "same" for verdict in verdicts):
        return undetermined("date", "day and month of a date in digits may be exchanged")
    return verdicts[0]


def _joint(golds: tuple[Node, ...], preds: tuple[Node, ...]) -> tuple[tuple[Node, ...], tuple[Node, ...]]:
    """Readings that go together: words with words, one exact kind with itself, `5 m` as a quantity beside a number."""
    if isinstance(golds[0], Words) and isinstance(preds[0], Words):
        return golds[:1], preds[:1]
    exact = [tuple(filter(is_exact, side)) for side in (golds, preds)]
    if exact[0] and exact[1]:
        return exact[0], exact[1]
    measured = [any(map(_has_unit, side)) for side in (golds, preds)]
    if not any(measured):
        return golds, preds
    if all(measured):
        return tuple(filter(_has_unit, golds)), tuple(filter(_has_unit, preds))
    bare, other = (preds, golds) if measured[0] else (golds, preds)
    letters = _names(node for node in other if not _has_unit(node)) - _names(filter(_has_unit, other))
    variables = bool(letters & _names(bare))
    kept = [
        tuple(node for node in side if _has_unit(node) != variables or not is_measured)
        for side, is_measured in zip((golds, preds), measured, strict=True)
    ]
    return kept[0] or golds, kept[1] or preds


def _names(nodes: Iterable[Node]) -> set[str]:
    return {name for node in nodes for name in symbols(node)}


def _has_unit(node: Node) -> bool:
    return any(isinstance(part, Quantity) for part in walk(node))


# -- the unit a question asks for --------------------------------------------------------------------------------------


_POWER = re.compile(r"\s*\$?(?:\\times|\\cdot|×)?\s*(10\s*\^)")
"""How a unit begins that has a power of ten in it, as tables write them: `10^{-3} N`."""


def _in_units(nodes: tuple[Node, ...], unit: str | None, *, also: bool = False) -> tuple[Node, ...]:
    """Bare numbers in the unit that the question asks for.

    Such a number may have the power of ten of the unit in it or leave that to the unit; `also` gives both readings.
    """
    if unit is None:
        return nodes
    measured = tuple(_in_unit(node, unit) for node in nodes)
    power = _POWER.match(unit) if also else None
    return (
        measured if power is None else measured + _in_units(nodes, re.sub(r"10\s*\^\s*(?:\{[^{}]*\}|-?\d+)", "", unit))
    )


def _reading_of_unit(unit: str) -> Node | None:
    """One of the unit, as answers write it; None for words that are no unit."""
    text = (
        unit[power.start(1) :]
        if (power := _POWER.match(unit))
        else f"1{unit.lstrip()}"
        if "^" in unit[:2]
        else f"1 {unit}"
    )
    node = next(iter(read(text).nodes), None)
    if isinstance(node, Quantity):
        return None if is_count(node.unit) else node
    return node if node == apply("/", Number(Fraction(1)), Number(Fraction(100))) else None


def _in_unit(node: Node, unit: str) -> Node:
    """A bare number with the unit the question asks for; shapes take it inside."""
    if isinstance(node, Collection):
        return Collection(node.kind, tuple(_in_unit(item, unit) for item in node.items))
    one = _reading_of_unit(unit)
    if not is_closed(node) or isinstance(node, Words) or one is None:
        return node
    if isinstance(one, Quantity):
        return Quantity(node if one.value == Number(Fraction(1)) else apply("*", node, one.value), one.unit, True)
    return node if _says_percent(node) else apply("/", node, Number(Fraction(100)))


def _says_percent(node: Node) -> bool:
    return isinstance(node, Operation) and node.head == "/" and node.args[1] == Number(Fraction(100))
