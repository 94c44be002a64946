"""A sample of rows → the layout: which path holds which part.

Every path is a candidate for every part. Its score is how much its name says (`parts.toml`) times the share of rows in
which its value has the shape of the part (`fits`). The best path of each part is taken, a path for one part only;
others that fill its gaps are kept behind it. A question without a usual name is found by its shape: a text that asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from agentprop.extraction.corpus.document import ABSENT, Fields
from agentprop.extraction.corpus.layout.evidence import Layout, RowSample, Taken
from agentprop.extraction.corpus.layout.fits import FITS
from agentprop.extraction.corpus.layout.instructions import NO_INSTRUCTIONS, Instructions, instructions_of
from agentprop.extraction.corpus.layout.marked import split_marked
from agentprop.extraction.corpus.layout.names import WEAK, WORD, likeness, plain, vocabulary, words
from agentprop.extraction.corpus.layout.option_fields import option_fields
from agentprop.extraction.corpus.layout.options import (
    LETTERS,
    Form,
    Option,
    form_of,
    marked,
    names_several,
    read_options,
    split_inline,
)
from agentprop.extraction.corpus.layout.paths import Path, at, parsed
from agentprop.extraction.corpus.layout.shapes import (
    is_arithmetic,
    is_asking,
    is_chat,
    is_short_value,
    read_chat,
    text_of,
)
from agentprop.extraction.corpus.rows import Row

SAMPLE = 200
"""Rows that a layout is found in."""
GAPS = 3
"""Further paths of a part that are kept for rows in which the best one is empty."""
MOSTLY = 0.5
"""Share of its values that must fit where a name says little, and of programs everywhere."""
CHAT = 0.9
"""How much a chat says as a question or solution, beside fields of their own."""
UNNAMED_CHAT = 0.45
"""How much a chat says whose field is called otherwise."""
DEEPER = 0.97
"""What a name says, for each level that it is further down."""
_PARTS = ("question", "tests", "setup", "options", "program", "solution", "answer", "accepted", "equation", "context",
          "table", "aftertable", "input", "inputformat", "outputformat", "starter", "unit", "reltolerance", "tolerance",
          "entry_point", "id", "image")  # fmt: skip
"""Parts in the order in which they take their paths."""
_INSTRUCTIONS = frozenset({"instruction", "task", "prompt", "query"})
"""Questions that an `input` follows."""
_ANSWERS = ("answer", "solution", "program", "tests")
_OF_ANSWERS = frozenset({"accepted", "reltolerance", "tolerance"})
"""Parts that say something of an answer, and nothing where there is none."""
_MARKS = frozenset({"label", "labels"})
_SAMPLED = frozenset({"completion", "response", "generation", "modelresponse"})
"""Solutions that a model gave, right or wrong."""
_WRONG = frozenset({"rejected", "wrong", "incorrect", "bad"})
"""Words of fields that hold what is not to be said."""

Choice = dict[str, tuple[Taken, ...]]


def detect(rows: Sequence[Row], given: Fields | None = None) -> Layout | None:
    """The layout of rows; None if nothing in them asks, or the field that was given for the question holds none."""
    return _Detector(RowSample(rows), given or Fields()).layout()


class _Detector:
    """What was taken of a sample so far."""

    def __init__(self, sample: RowSample, given: Fields) -> None:
        self._sample, self._given = sample, given
        self._taken: Choice = {}
        self._columns: tuple[Path, ...] = ()
        self._right_first = False
        told = {part: self._told(part) for part in _PARTS}
        told["reply"] = given.reply  # no part, so that it is taken for none
        self._by_person = {part: self._path(text) for part, text in told.items() if text not in (None, ABSENT)}

    def layout(self) -> Layout | None:
        for part in _PARTS:
            if part == "options" and self._told(part) is None:
                free = [path for path, _ in self._sample.columns() if not self._is_used(path)]
                self._columns, self._right_first = option_fields(free)
            if taken := self._found(part):
                self._taken[part] = taken
            elif part == "question":
                return None
            if part == "answer" and not self._has_options():
                self._answers_as_options()
        self._fill_by_shape()
        if self._is_marked():
            return Layout(self._taken, marked=True)
        return replace(self._layout(), instructions=self._instructions()) if self._is_answered() else None

    def _told(self, part: str) -> str | None:
        """What a person says of a part."""
        told: str | None = getattr(self._given, "test" if part == "tests" else part, None)
        return told

    def _path(self, text: str | None) -> Path:
        """The path that a person wrote; a field whose very name has dots in it wins."""
        name = text or ""
        return (name,) if any(name in row for row in self._sample.rows) else parsed(name)

    def _found(self, part: str) -> tuple[Taken, ...]:
        """The paths of a part: as a person says, by name, or for a question by its shape."""
        if part in self._by_person:
            return self._by_hand(part)
        if self._told(part) == ABSENT:
            return ()
        taken = self._by_name(part)
        by_shape = {"question": self._by_shape, "tests": self._rows_as_tests, "context": self._telling_apart}
        return by_shape[part]() if part in by_shape and not taken else taken

    def _by_hand(self, part: str) -> tuple[Taken, ...]:
        """The path that a person named."""
        path = self._by_person[part]
        values = [at(path, row) for row in self._sample.rows]
        self._sample.values.setdefault(path, values)
        found = sum(bool(FITS[part](value)) for value in values if value is not None)
        if part == "question" and not found:
            return ()
        return (self._take(part, path, found, "given"),)

    def _take(self, part: str, path: Path, found: int, why: str) -> Taken:
        places = [read_chat(value).place for value in self._sample.values[path] if is_chat(value)]
        place = max(set(places), key=places.count) + (part == "solution") if places else None
        return Taken(part, path, found, len(self._sample), why, place)

    def _rows_as_tests(self) -> tuple[Taken, ...]:
        """The rows themselves, if their columns are inputs and outputs."""
        found = sum(bool(FITS["tests"](row)) for row in self._sample.rows)
        return (Taken("tests", (), found, len(self._sample), "name"),) if found else ()

    # --- by name ---

    def _by_name(self, part: str) -> tuple[Taken, ...]:
        """The best path of a part, and those that fill its gaps."""
        if not self._is_wanted(part):
            return ()
        ranked = [taken for _, taken in sorted(self._candidates(part), key=lambda scored: -scored[0])]
        if part == "image":
            return tuple(ranked)
        kept: list[Taken] = []
        missing = set(range(len(self._sample)))
        for taken in ranked:
            filled = {i for i in missing if FITS[part](self._sample.values[taken.path][i])}
            if filled and not any(_related(taken.path, other.path) for other in kept) and len(kept) <= GAPS:
                kept.append(taken)
                missing -= filled
        return tuple(kept)

    def _is_wanted(self, part: str) -> bool:
        if part == "options":
            return not self._columns
        if part in ("setup", "entry_point"):
            return "tests" in self._taken
        if part == "input":
            return plain(str(self._taken["question"][0].path[-1])) in _INSTRUCTIONS
        return part not in _OF_ANSWERS or "answer" in self._taken

    def _candidates(self, part: str) -> Iterator[tuple[float, Taken]]:
        """(score, path) of what can be a part."""
        for path, values in self._sample.values.items():
            says = self._says(part, path)
            if not says or self._is_used(path) or (part == "solution" and path == self._by_person.get("reply")):
                continue
            found = sum(bool(FITS[part](value)) for value in values if value is not None)
            doubtful = part == "program" or says <= WEAK + 0.05
            if part == "solution" and all(map(_is_flag, self._sample.filled(path))):
                says /= 2
            if (
                part == "solution"
                and says <= WORD
                and all(isinstance(v, int | float) for v in self._sample.filled(path))
            ):
                continue  # which of the completions it is
            if found and (not doubtful or found >= MOSTLY * len(self._sample.filled(path))):
                yield says * found / len(values), self._take(part, path, found, "name")

    def _says(self, part: str, path: Path) -> float:
        """How much the name of a path says that a part is there."""
        names = [step for step in path if isinstance(step, str)]
        depth = DEEPER ** (len(names) - 1)
        if any(map(is_chat, self._sample.values[path])):
            says = CHAT * max(likeness("chat", names[-1]), UNNAMED_CHAT)
            return says * depth if part in ("question", "solution") else 0.0
        says = likeness(part, names[-1])
        if len(names) > 1 and plain(names[-1]) in vocabulary("generic"):
            says = max(says if says > WEAK else 0.0, 0.95 * likeness(part, names[-2]))
        if part == "question" and says <= WEAK:
            return 0.0  # such names need more evidence
        if part in ("solution", "answer") and self._is_in_tests(names[:-1]):
            return 0.0  # what a program prints in an example
        if part == "answer" and plain(names[-1]) == "name" and (*path[:-1], "arguments") in self._sample.values:
            return 0.0  # a function that is to be called
        if part == "answer" and plain(names[-1]) in _MARKS and self._has_steps() and not self._is_text(path):
            return 0.0  # it says which of the steps is wrong
        if part == "answer" and self._judges_reply(path):
            return 0.0
        if part == "answer" and plain(names[-1]) == "answer" and self._is_judged(path):
            return 0.0
        return says * depth

    def _judges_reply(self, path: Path) -> bool:
        """Whether a field says of a model's reply whether it is right: `correct`, or `label` beside a completion."""
        if not all(isinstance(value, bool) for value in self._sample.filled(path)):
            return False
        solutions = self._taken.get("solution", ())
        sampled = any(one.message is not None or plain(str(one.path[-1])) in _SAMPLED for one in solutions)
        return plain(str(path[-1])) in ("correct", "iscorrect") or (plain(str(path[-1])) in _MARKS and sampled)

    def _is_judged(self, path: Path) -> bool:
        """Whether an answer is that of a model: a gold stands beside it, and whether it is correct."""
        beside = {plain(str(other[-1])): other for other in self._sample.values if other[:-1] == path[:-1]}
        judged = any(name in beside and self._judges_reply(beside[name]) for name in ("correct", "iscorrect"))
        return judged and any(name in beside for name in ("goldanswer", "gold", "groundtruth", "correctanswer"))

    def _is_in_tests(self, names: Sequence[str]) -> bool:
        """Whether one of the fields around holds tests, of a form that can be read or of another one."""
        return any(
            likeness("tests", name) and ("tests" in self._taken or plain(name).endswith(("testcases", "tests")))
            for name in names
        )

    def _is_used(self, path: Path) -> bool:
        """Whether a path is, or lies in, one that is taken or named; a chat holds a question and a solution."""
        taken = [one.path for paths in self._taken.values() for one in paths if one.message is None]
        named = [one for one in self._by_person.values() if not any(map(is_chat, self._sample.values.get(one, ())))]
        return any(path[: len(used)] == used for used in (*taken, *self._columns, *named) if used)

    # --- by shape ---

    def _by_shape(self) -> tuple[Taken, ...]:
        """The text that asks most often; a name that says little is enough if something answers it."""
        found = []
        for path, values in self._sample.values.items():
            texts = [value for value in values if FITS["question"](value) and isinstance(value, str)]
            asking = sum(is_asking(text) + text.rstrip().endswith(("?", "？")) for text in texts) / 2
            name = str(path[-1])
            says = likeness("question", name)
            answering = any(likeness(part, name) > WORD for part in _ANSWERS) and not _are_marked(texts)
            if self._is_used(path) or answering or words(name) & _WRONG:
                continue
            if texts and (says or (asking >= MOSTLY * len(values) and len(texts) >= MOSTLY * len(values))):
                length = sum(map(len, texts)) / len(texts)
                why = "name" if says else "shape"
                found.append((says + asking / len(values), length, self._take("question", path, len(texts), why)))
        return (max(found, key=lambda one: one[:2])[2],) if found else ()

    def _telling_apart(self) -> tuple[Taken, ...]:
        """The text on which questions hang that repeat: it says little by its name, and most rows have their own."""
        asked = [text_of(value) for value in self._sample.filled(self._taken["question"][0].path)]
        if len(set(asked)) > MOSTLY * len(asked):
            return ()
        for path, values in self._sample.columns():
            texts = [value for value in values if FITS["question"](value) and isinstance(value, str)]
            free = likeness("question", str(path[0])) and not self._is_used(path)
            if free and len(set(texts)) > MOSTLY * len(values):
                return (self._take("context", path, len(texts), "shape"),)
        return ()

    def _fill_by_shape(self) -> None:
        """Where the question had no name either: options and a letter, one of the options that stand in the question,
        or a short value and a text that computes."""
        if self._taken["question"][0].why != "shape":
            return
        rest = [
            (path, [text_of(v) for v in values]) for path, values in self._sample.columns() if not self._is_used(path)
        ]
        rest = [(path, values) for path, values in rest if not words(str(path[0])) & vocabulary("about")]
        letters = [path for path, values in rest if all(value.strip() in LETTERS[:8] for value in values)]
        others = tuple(path for path, _ in rest if path not in letters)
        if letters and len(others) > 1 and not self._has_options() and "answer" not in self._taken:
            self._columns = others
            self._add("answer", letters[0])
            return
        asked = self._sample.values[self._taken["question"][0].path]
        inline = [split_inline(text)[1] if isinstance(text, str) else [] for text in asked]
        for path, _ in rest if any(inline) and "answer" not in self._taken else ():
            pairs = zip(self._sample.values[path], inline, strict=True)
            if form_of([(said, options) for said, options in pairs if said and options]) in ("text", "letter"):
                self._add("answer", path)
                return
        short = [path for path, values in rest if all(map(is_short_value, values))]
        computing = [path for path, values in rest if sum(map(is_arithmetic, values)) >= MOSTLY * len(values)]
        if short and "answer" not in self._taken:
            self._add("answer", short[-1])
        if computing and "solution" not in self._taken:
            self._add("solution", computing[-1])

    def _is_marked(self) -> bool:
        """Whether the text of the question holds the answer too, and nothing else does."""
        if any(part in self._taken for part in _ANSWERS) or self._told("solution") is not None:
            return False
        return _are_marked(self._sample.filled(self._taken["question"][0].path))

    def _add(self, part: str, path: Path) -> None:
        if self._told(part) is None:
            self._taken[part] = (self._take(part, path, len(self._sample.filled(path)), "shape"),)

    def _is_answered(self) -> bool:
        """A text is a question by its name, because it asks, or because the row answers it."""
        best = self._taken["question"][0]
        if best.why == "given" or likeness("question", str(best.path[-1])) > WEAK or best.message is not None:
            return True
        if self._says("question", best.path) > WEAK:
            return True
        asking = sum(isinstance(value, str) and is_asking(value) for value in self._sample.values[best.path])
        return asking >= MOSTLY * best.of or any(part in self._taken for part in _ANSWERS)

    def _instructions(self) -> Instructions:
        """What all questions say of the reply; a person who named their field gets it whole."""
        taken = self._taken["question"][0]
        if taken.why == "given":
            return NO_INSTRUCTIONS
        asked = (read_chat(value).question if is_chat(value) else value for value in self._sample.filled(taken.path))
        return instructions_of([one for one in asked if isinstance(one, str)])

    # --- options and the gold ---

    def _is_text(self, path: Path) -> bool:
        return any(isinstance(value, str) for value in self._sample.values[path])

    def _has_steps(self) -> bool:
        """Whether the solution is a list, and nothing is there that a number could count besides."""
        paths = () if self._has_options() else self._taken.get("solution", ())
        return any(isinstance(value, list) for one in paths[:1] for value in self._sample.values[one.path])

    def _answers_as_options(self) -> None:
        """A list of answers are options, if another field names one of them by its letter or place."""
        listed = self._taken.get("answer", ())[:1]
        if any(one.why == "given" for one in listed) or self._told("options") is not None:
            return
        for one in listed:
            values = self._sample.values[one.path]
            options = [read_options(value) for value in values]
            if sum(marked(value) is not None for value in values) >= MOSTLY * len(values):
                self._taken["options"] = (self._taken.pop("answer")[0]._replace(part="options"),)
                return
            golds = [taken for _, taken in self._candidates("answer") if len(taken.path) == len(one.path)]
            for gold in golds if sum(map(bool, options)) >= MOSTLY * len(options) else ():
                pairs = [pair for pair in zip(self._sample.values[gold.path], options, strict=True) if all(pair[1:])]
                if form_of([(said, found) for said, found in pairs if said is not None]) not in ("", "text"):
                    self._taken |= {"options": (one._replace(part="options"),), "answer": (gold,)}
                    return

    def _has_options(self) -> bool:
        return bool(self._columns) or "options" in self._taken

    def _layout(self) -> Layout:
        if self._right_first:
            return Layout(self._taken, self._columns, True)
        if self._has_options():
            golds = list(self._golds())
            form = form_of(golds)
            if form or not golds:
                return Layout(self._taken, self._columns, form=form)
            if all(names_several(*one) for one in golds):
                return Layout(self._taken, self._columns, form="letter")
            self._taken.pop("options", None)  # no answer names one of them: they are something else
        asked = self._taken["question"][0].path
        inline = [
            (gold, split_inline(text)[1])
            for gold, text in zip(map(self._gold, self._sample.rows), self._sample.values[asked], strict=True)
            if isinstance(text, str) and gold is not None
        ]
        named: Form = form_of([(gold, options) for gold, options in inline if options])
        if named in ("letter", "text") and sum(bool(options) for _, options in inline) >= MOSTLY * len(inline):
            return Layout(self._taken, form=named, inline=True)
        return Layout(self._taken)

    def _golds(self) -> Iterator[tuple[Any, list[Option]]]:
        """The gold and the options of each row that has both."""
        for row in self._sample.rows:
            gold = self._gold(row)
            if self._columns:
                options = read_options([text_of(at(path, row)) for path in self._columns])
            else:
                options = read_options(at(self._taken["options"][0].path, row)) if "options" in self._taken else []
            if gold is not None and options:
                yield gold, options

    def _gold(self, row: Mapping[str, Any]) -> Any:
        paths = self._taken.get("answer", ())
        return next((value for taken in paths if (value := at(taken.path, row)) is not None and value != ""), None)


def _are_marked(values: Sequence[Any]) -> bool:
    """Whether texts hold a question and its answer each."""
    marked = [isinstance(value, str) and split_marked(value) is not None for value in values]
    return sum(marked) > MOSTLY * len(values)


def _is_flag(value: Any) -> bool:
    """Whether a value is one word, such as `on`, which says how a solution is and is none."""
    return isinstance(value, str) and bool(re.fullmatch(r"[A-Za-z_]{2,}", value.strip()))


def _related(one: Path, other: Path) -> bool:
    """Whether one path is the other, or lies in it."""
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]
