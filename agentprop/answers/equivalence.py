"""Two answers, as text in any usual notation, to `same`, `different` or `undetermined`, with the rule that decided.

The cascade: extraction and normalisation (`answers`) → words, choices, units and shapes (`choices`, `shapes`) → exact
rational arithmetic (`exact`), all in the caller's thread and bounded by the size of the text; whatever is left goes to
a killable worker process (`workers`), where algebraic numbers, logarithms, intervals and symbols are decided (`deep`).

Policies: decimals are exact unless `precision` is stated; a percent is the number it is (12% = 0.12, not 12); a unit
given on one side only is understood on the other unless `require_unit`; variables are real, and expressions are the
same when they agree wherever both are defined; an ambiguous slash (1/2x) may be read either way. Nothing in either text
is ever evaluated: both only pass our own parser.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from agentprop.answers.choices import Choices, compare_choices, compare_labels, content_of_choice
from agentprop.answers.compare_scalars import QuickScalars
from agentprop.answers.compare_shapes import Comparison, Scalars
from agentprop.answers.outcome import Equivalence, Hard, Unresolved, different, same, undetermined
from agentprop.answers.precision import stated
from agentprop.answers.reading.extract import clean, final_answer, read
from agentprop.answers.reading.nodes import (
    Collection,
    Node,
    Number,
    Operation,
    Quantity,
    UnreadableAnswer,
    Words,
    apply,
    is_closed,
    symbols,
    walk,
)
from agentprop.answers.reading.tokens import MAX_CHARS
from agentprop.answers.reading.words import is_count, same_formula
from agentprop.answers.workers import Pool, Reply
from agentprop.errors import InputError

DEFAULT_TIMEOUT_S = 5.0
"""Seconds a worker may compute on one pair; nearly all pairs take milliseconds."""


def equivalent(
    *,
    gold: str,
    pred: str,
    precision: int | str | None = None,
    choices: Choices | None = None,
    unit: str | None = None,
    require_unit: bool = False,
    timeout_s: float = DEFAULT_TIMEOUT_S,
) -> Equivalence:
    """Do the two texts give the same answer?

    `precision` is what the question states: an int for significant figures, or text (see `precision.stated`).
    `choices` are the options of a multiple-choice question, in order or by label.
    `unit` is the unit the question asks for: a bare number on either side is read in it (`%` included).
    """
    question = AnswerSpec(precision, choices, unit, require_unit)
    question.check()
    if not isinstance(gold, str) or not isinstance(pred, str):
        raise InputError("Answers are compared as text.", hint="Pass str values as gold= and pred=.")
    try:
        return judge(gold, pred, question, QuickScalars())
    except Hard:
        return _judge_in_worker(gold, pred, question, timeout_s)


@dataclass(frozen=True, slots=True)
class AnswerSpec:
    """What the question says about its answer."""

    precision: int | str | None = None
    choices: Choices | None = None
    unit: str | None = None
    require_unit: bool = False

    def check(self) -> None:
        stated(self.precision)
        if self.unit is not None and _reading_of_unit(self.unit) is None:
            raise InputError(f"The unit {self.unit!r} is not known.", hint="Write it as in an answer, such as 'm/s^2'.")


def judge(gold: str, pred: str, question: AnswerSpec, scalars: Scalars) -> Equivalence:
    """The cascade with the given means of deciding scalars; raises `Hard` only if those do."""
    gold, pred = final_answer(gold), final_answer(pred)
    if not gold.strip() or not pred.strip():
        return different("empty", "an empty answer is no answer")
    if question.choices is not None:

        def contents(left: str, right: str) -> Equivalence:
            return compare_texts(left, right, question, scalars)

        return compare_choices(gold, pred, question.choices, contents)
    return compare_texts(gold, pred, question, scalars)


def judge_request(request: dict[str, Any]) -> Reply:
    """One pair with every means there is; called in a worker, which has loaded sympy."""
    from agentprop.answers.compare_deep import DeepScalars

    gold, pred = request.pop("gold"), request.pop("pred")
    try:
        verdict = judge(gold, pred, AnswerSpec(**request), DeepScalars())
    except (MemoryError, RecursionError, OverflowError) as error:
        verdict = undetermined("resources", f"stopped by a {type(error).__name__}")
    return {"status": verdict.status, "rule": verdict.rule, "why": verdict.why}


POOL = Pool(judge_request)


def _judge_in_worker(gold: str, pred: str, question: AnswerSpec, timeout_s: float) -> Equivalence:
    choices = question.choices
    request = {
        "gold": gold,
        "pred": pred,
        "precision": question.precision,
        "choices": dict(choices) if isinstance(choices, Mapping) else None if choices is None else list(choices),
        "unit": question.unit,
        "require_unit": question.require_unit,
    }
    reply = POOL.ask(request, timeout_s)
    if reply is None:
        return undetermined("timeout", f"not decided within {timeout_s:g} s")
    return Equivalence(reply["status"], reply["rule"], reply["why"])  # type: ignore[arg-type]


def compare_texts(gold: str, pred: str, question: AnswerSpec, scalars: Scalars) -> Equivalence:
    if gold == pred:
        return same("identical", "the texts are identical")
    if max(len(gold), len(pred)) > MAX_CHARS:
        return _oversized(gold, pred)
    if same_formula(gold, pred):
        return same("formula", "the same chemical formula")
    labels = compare_labels(gold, pred)
    if labels is not None:
        return labels
    for labelled, other, swapped in ((gold, pred, False), (pred, gold, True)):
        content = content_of_choice(labelled)
        if content:
            pair = (other, content) if swapped else (content, other)
            return compare_texts(*pair, question, scalars)
    comparison = Comparison(scalars, stated(question.precision), question.require_unit)
    try:
        return _best_reading(_readings(gold, question.unit), _readings(pred, question.unit), comparison)
    except Unresolved as unresolved:
        return undetermined("open", str(unresolved))


def _oversized(gold: str, pred: str) -> Equivalence:
    if gold.split() == pred.split():
        return same("identical", "the texts are identical up to spaces")
    if min(len(gold), len(pred)) > MAX_CHARS:
        return undetermined("oversized", f"both answers are longer than {MAX_CHARS:,} characters and differ as text")
    return different("oversized", f"one answer is longer than {MAX_CHARS:,} characters, so it is not the other")


def _best_reading(golds: tuple[Node, ...], preds: tuple[Node, ...], comparison: Comparison) -> Equivalence:
    """Same if one joint reading is; otherwise the verdict on the usual readings of both."""
    golds, preds = _joint(golds, preds)
    verdicts: list[Equivalence] = []
    hard: Hard | None = None
    for left in golds:
        for right in preds:
            try:
                verdict = comparison.compare(left, right)
            except Hard as postponed:
                hard = postponed
                continue
            if verdict.status == "same":
                return verdict
            if not (isinstance(left, Words) or isinstance(right, Words)) or len(golds) == len(preds) == 1:
                verdicts.append(verdict)
    if hard is not None:
        raise hard
    return verdicts[0] if verdicts else different("kind", "one is in words, the other is a mathematical value")


def _joint(golds: tuple[Node, ...], preds: tuple[Node, ...]) -> tuple[tuple[Node, ...], tuple[Node, ...]]:
    """Readings that go together: words with words, and `5 m` as a quantity unless the other side has variables."""
    if isinstance(golds[0], Words) and isinstance(preds[0], Words):
        return golds[:1], preds[:1]
    measured = [any(map(_has_unit, side)) for side in (golds, preds)]
    if not any(measured):
        return golds, preds
    if all(measured):
        return tuple(filter(_has_unit, golds)), tuple(filter(_has_unit, preds))
    bare = preds if measured[0] else golds
    variables = any(symbols(node) for node in bare)
    kept = [
        tuple(node for node in side if _has_unit(node) != variables or not is_measured)
        for side, is_measured in zip((golds, preds), measured, strict=True)
    ]
    return kept[0] or golds, kept[1] or preds


def _has_unit(node: Node) -> bool:
    return any(isinstance(part, Quantity) for part in walk(node))


def _readings(answer: str, unit: str | None) -> tuple[Node, ...]:
    try:
        readings = read(answer)
    except UnreadableAnswer:
        return (Words(clean(answer)),)
    if unit is None:
        return readings
    return tuple(_in_unit(node, unit) for node in readings)


def _reading_of_unit(unit: str) -> Node | None:
    """One of the unit, as answers write it; None for words that are no unit."""
    try:
        node = read(f"1 {unit}")[0]
    except UnreadableAnswer:
        return None
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
        return Quantity(node, one.unit, True)
    return node if _says_percent(node) else apply("/", node, Number(Fraction(100)))


def _says_percent(node: Node) -> bool:
    return isinstance(node, Operation) and node.head == "/" and node.args[1] == Number(Fraction(100))
