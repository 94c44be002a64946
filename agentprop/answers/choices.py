"""Multiple choice: an answer's text to the label of the choice it names, by its letter or by its content."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from agentprop.answers.outcome import Equivalence, different, same
from agentprop.answers.reading.extract import clean
from agentprop.answers.reading.tokens import MAX_CHARS

Choices = Sequence[str] | Mapping[str, str]

_LABELLED = re.compile(
    r"(?:(?:option|choice|answer)\s*:?\s*)?(?:\(\s*([A-Za-z])\s*\)|\[\s*([A-Za-z])\s*\]|([A-Za-z])\s*[).:]|([A-Za-z])(?=\s*$))"
    r"\s*(.*)",
    re.IGNORECASE | re.DOTALL,
)


def by_label(choices: Choices) -> dict[str, str]:
    """Labels A, B, C, … for a plain sequence; a mapping brings its own."""
    if isinstance(choices, Mapping):
        return {str(label).strip(): str(text) for label, text in choices.items()}
    return {chr(ord("A") + k): str(text) for k, text in enumerate(choices)}


def split_label(answer: str) -> tuple[str | None, str]:
    """`(B) 42` to its letter and its content; no letter where none is written as a label."""
    match = _LABELLED.fullmatch(clean(answer))
    if match is None:
        return None, answer
    letter = next(group for group in match.groups()[:4] if group)
    return letter.upper(), match[5].strip()


def compare_choices(gold: str, pred: str, choices: Choices, contents: Callable[[str, str], Equivalence]) -> Equivalence:
    """Same when both name the same choice; a prediction that names none, or two, is different."""
    table = by_label(choices)
    labels = [_chosen(answer, table, contents) for answer in (gold, pred)]
    if labels[0] is None and labels[1] is None:
        return contents(gold, pred)
    if labels[0] is None or labels[1] is None:
        return different("choice", f"{(gold, pred)[labels[1] is None][:60]!r} names none of the choices")
    if labels[0] == labels[1]:
        return same("choice", f"both name choice {labels[0]}")
    return different("choice", f"choice {labels[0]} is not choice {labels[1]}")


def _chosen(answer: str, table: dict[str, str], contents: Callable[[str, str], Equivalence]) -> str | None:
    if len(answer) > MAX_CHARS:
        return None
    folded = {label.casefold(): label for label in table}
    bare = clean(answer).strip("()[] .:").casefold()
    if bare in folded:
        return folded[bare]
    letter, rest = split_label(answer)
    if letter is not None and letter.casefold() in folded:
        label = folded[letter.casefold()]
        named = [other for other, text in table.items() if rest and contents(text, rest).status == "same"]
        return label if not named or label in named else None
    matching = [label for label, text in table.items() if contents(text, answer).status == "same"]
    return matching[0] if len(matching) == 1 else None


def compare_labels(gold: str, pred: str) -> Equivalence | None:
    """Without a table of choices: `B` meets `(B) 42`; None where no letter is written as a label."""
    (left, left_rest), (right, right_rest) = split_label(gold), split_label(pred)
    if left is None or right is None:
        return None
    plain = not left_rest and not right_rest
    if plain and not any(mark in gold + pred for mark in "().[]:") and len(clean(gold)) == len(clean(pred)) == 1:
        return None
    if left != right:
        return different("choice", f"choice {left} is not choice {right}")
    return same("choice", f"both name choice {left}")


def content_of_choice(answer: str) -> str | None:
    """`(A) 5` offers its content as an answer too; only for a capital letter in brackets."""
    match = re.fullmatch(r"\(\s*[A-Z]\s*\)\s*(?:\\ )?\s*(.+)", clean(answer), re.DOTALL)
    return match[1].strip() if match else None
