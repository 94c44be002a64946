"""Multiple choice: an answer's text to the label of the choice it names, by its letter or by its content.

With a table of choices a label says which one is meant, whatever stands beside it, unless that is the content of
another choice. Without a table a lone letter meets `(B) 42` by its label, and two labelled answers must agree in label
and content.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from agentprop.answers.outcome import Equivalence, different, same
from agentprop.answers.reading.labels import Label, is_marked, lone_label, split_label
from agentprop.answers.reading.sentences import followed, lead_ins, without_opening
from agentprop.answers.reading.tokens import MAX_CHARS
from agentprop.answers.reading.typography import clean

Choices = Sequence[str] | Mapping[str, str]
Contents = Callable[[str, str], Equivalence]

_REASONED = re.compile(
    r"(?:(?:[Oo]ption|[Cc]hoice|[Aa]nswer)\s+)?\(?([A-J])\)?(?:\s+is\s+(?:the\s+)?(?:correct|right|best|true)(?:\s+(?:answer|option|choice|one))?)?"
    r"(?:[.,:]?\s+(?:because|since|as)\b.*|\s+\((?=[^()]*[a-z]{3})[^()]{3,80}\))",
    re.DOTALL,
)
_AMONG = re.compile(
    r"^(?:only\s+|(?:among|of) (?:the|these) (?:given |four |five )?(?:options|choices|statements),?\s+)", re.IGNORECASE
)
_CHOOSES = re.compile(r"\b(?:is|are|be|choose|pick|select|with)$", re.IGNORECASE)
_RUN = re.compile(r"[A-J]{2,6}")
_LIST = re.compile(r"\(?[A-J]\)?(?:(?:\s*[,;&]\s*(?:and\s+)?|\s+and\s+)\(?[A-J]\)?){1,5}")
_BOTH = re.compile(r"\s+are\s+(?:both\s+|all\s+)?(?:correct|right|true)\.?$")
_ABSOLUTE_OPTION = re.compile(r"[A-J]")


def by_label(choices: Choices) -> dict[str, str]:
    """Labels A, B, C, … for a plain sequence; a mapping brings its own. A choice that repeats its label loses it."""
    if isinstance(choices, Mapping):
        return {str(label).strip(): str(text) for label, text in choices.items()}
    table = {chr(ord("A") + k): str(text) for k, text in enumerate(choices)}
    prefixed = [re.match(rf"\s*\(?{label}\s*[).:]\s*(?=\S)", text) for label, text in table.items()]
    if all(prefixed):
        return {
            label: text[match.end() :] for (label, text), match in zip(table.items(), prefixed, strict=True) if match
        }
    return table


def compare_choices(gold: str, pred: str, choices: Choices, contents: Contents) -> Equivalence:
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


def _chosen(answer: str, table: dict[str, str], contents: Contents) -> str | None:
    if len(answer) > MAX_CHARS:
        return None
    text = clean(answer)
    folded = {label.casefold(): label for label in table}
    for form in _forms(text):
        bare = form.strip("()[] .:").casefold()
        if bare in folded:
            return folded[bare]
        lone = lone_label(form)
        if lone is not None and lone.name in folded:
            return folded[lone.name]
        labelled = split_label(form) or _dashed(form) or _reasoned(form)
        if labelled is not None and labelled.name in folded:
            return _confirmed(folded[labelled.name], labelled.content, table, contents)
    matching = [label for label, content in table.items() if contents(content, answer).status == "same"]
    return matching[0] if len(matching) == 1 else None


def _confirmed(label: str, rest: str, table: dict[str, str], contents: Contents) -> str | None:
    """The label, unless what follows it is another choice."""
    named = [other for other, content in table.items() if rest and contents(content, rest).status == "same"]
    return label if not named or label in named else None


def _forms(text: str) -> list[str]:
    """The text, and what is left of it without `Hence`, `I choose` before and `is correct` behind."""
    text = _AMONG.sub("", text).replace("it's ", "it is ").replace("It's ", "It is ")
    core = without_opening(followed(text) or text)
    return [
        text,
        *([core] if core != text else []),
        *(rest for lead, rest in lead_ins(core) if _CHOOSES.search(lead)),
    ]


def _dashed(text: str) -> Label | None:
    """`B - 42`, where letters can only be labels."""
    match = re.fullmatch(r"\(?([A-Za-z])\)?\s+[-–—]\s+(\S.*)", text, re.DOTALL)
    return Label(match[1].casefold(), match[1].isupper(), match[2]) if match else None


def _reasoned(text: str) -> Label | None:
    """`B because 42 is even`, without its reason."""
    match = _REASONED.fullmatch(text)
    return Label(match[1].casefold(), True, "") if match else None


def compare_labels(gold: str, pred: str) -> Equivalence | None:
    """Without a table: a lone option letter meets the same letter before a content; None for any other pair."""
    texts = gold, pred
    if len(gold) <= 2 < len(pred) and not _names_a_choice(pred):
        pred = _forms(pred)[-1]
    if len(pred) <= 2 < len(gold) and not _names_a_choice(gold):
        gold = _forms(gold)[-1]
    several = [next(filter(None, map(_several, _forms(text))), []) for text in (gold, pred)]
    if several[0] and several[1] and (_RUN.fullmatch(gold) is None) != (_RUN.fullmatch(pred) is None):
        if several[0] == several[1]:
            return same("choice", "both name the same choices")
        return different("choice", "they name different choices")
    lone = [lone_label(text) for text in (gold, pred)]
    if lone[0] is not None and lone[1] is not None:
        if not (is_marked(gold) or is_marked(pred) or (gold, pred) != texts):
            return None
        return _verdict(lone[0], lone[1])
    for text, other, label in ((gold, pred, lone[1]), (pred, gold, lone[0])):
        if label is None or not (
            _ABSOLUTE_OPTION.fullmatch(label.name.upper()) and (label.capital or is_marked(other))
        ):
            continue
        labelled = split_label(text) or _reasoned(text)
        if labelled is not None and labelled.capital == label.capital and not _is_part(text, label):
            return _verdict(labelled, label) if text is gold else _verdict(label, labelled)
    return None


def _names_a_choice(text: str) -> bool:
    """Whether a text is a label, has one, or gives the reason for one."""
    return any(read(text) is not None for read in (lone_label, split_label, _reasoned))


def _several(text: str) -> list[str]:
    """The letters of `A, C and D` and of `ACD`, in order; none for any other text."""
    text = _BOTH.sub("", text)
    letters = re.findall(r"[A-J]", text) if len(text) < 60 and (_RUN.fullmatch(text) or _LIST.fullmatch(text)) else []
    return letters if letters == sorted(set(letters)) else []


def _is_part(text: str, label: Label) -> bool:
    """`(a) 3; (b) 5` asks for its parts, and one letter names none of them fully."""
    return not label.capital or bool(re.search(r"\(\s*[A-Za-z]\s*\).*\(\s*[A-Za-z]\s*\)", text, re.DOTALL))


def _verdict(left: Label, right: Label) -> Equivalence:
    if left.name == right.name:
        return same("choice", f"both name choice {left.name.upper()}")
    return different("choice", f"choice {left.name.upper()} is not choice {right.name.upper()}")
