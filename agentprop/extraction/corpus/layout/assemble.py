"""A row and its layout → a document, or the reason why there is none."""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from agentprop.extraction.corpus.document import Document, UnreadableRecord
from agentprop.extraction.corpus.layout import shapes
from agentprop.extraction.corpus.layout.answers import (
    NONE,
    FoundAnswer,
    final_answer,
    is_bare,
    is_worked,
    listed,
    plain_text,
    read_answer,
    says_none,
)
from agentprop.extraction.corpus.layout.computation import equations_of
from agentprop.extraction.corpus.layout.evidence import Layout
from agentprop.extraction.corpus.layout.fits import FITS, passages, table_text, texts
from agentprop.extraction.corpus.layout.marked import split_marked, without_marks, without_thought
from agentprop.extraction.corpus.layout.names import WORD, likeness, plain, words
from agentprop.extraction.corpus.layout.options import Option, marked, place_of, read_options, split_inline
from agentprop.extraction.corpus.layout.paths import Getter, getter, written
from agentprop.extraction.corpus.layout.shapes import Chat, is_chat, read_chat, text_of, unpacked
from agentprop.extraction.corpus.layout.tests_of import NO_TESTS, FoundTests, assertions, called, read_tests
from agentprop.extraction.corpus.layout.wording import NEEDS_OPTIONS, has_image, joined, points_to_figure, with_blanks
from agentprop.extraction.corpus.markup import without_markup
from agentprop.extraction.corpus.rows import Row, excerpt
from agentprop.records import content_id

TRIED = 8
"""Programs of one problem of which the first in Python is taken."""
LONG_SOLUTION = 200
"""Mean length from which the texts of a list are solutions of their own, and not steps of one."""
LEAST_MARKED = 8
"""Words of a text from which it may be the question again, with its steps marked."""
_BEHIND = ("input", "inputformat", "outputformat", "starter")
"""Parts that follow the question."""
_TITLES = {"inputformat": "Input: ", "outputformat": "Output: "}
_AS_WRITTEN = (("unit", "unit"), ("tolerance", "tolerance"), ("equation", "equation"), ("id", "source_id"))
"""Parts that go into the document as they are, and its fields for them."""
_JUDGING = frozenset({"label", "correct", "is_correct", "isCorrect", "correctness"})
"""Fields that say of the solution whether it is right."""
_FINE = {
    "error_type": ("ok", "none"),
    "problem_is_valid": ("yes",),
    "solution_is_valid": ("yes",),
    "cleaning_status": ("consensus", "verified", "revised"),
}
"""Fields in which a corpus that was looked through says what is wrong with a record, and that nothing is."""
_OF_OPTIONS = frozenset({"answerkey", "answerletter", "correctoption", "correctchoice", "correctoptionletter"})
"""Answers that mean nothing without their options."""
_LETTER = re.compile(r"\(?[A-J]\)?")
_SPEAKER = re.compile(r"(?:^|\s)A\s*:")
_FENCE = re.compile(r"```(?:python|py)?[ \t]*\n(.*?)```", re.DOTALL | re.IGNORECASE)
_NAME_OF_VALUE = re.compile(r"^\s*(?:x|ans(?:wer)?|result)\s*=(?!=)|=\s*(?:x|\?)\s*$|=\s*$", re.IGNORECASE)


class _Part(NamedTuple):
    """Where a part is, ready to be taken from a row."""

    get: Getter
    message: int | None


class Assembler:
    """Makes the documents of one layout."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._parts = {
            part: [_Part(getter(one.path), one.message) for one in paths] for part, paths in layout.taken.items()
        }
        self._only = {part: places[0].get for part, places in self._parts.items() if len(places) == 1}
        self._columns = [getter(path) for path in layout.columns]
        self._asks_in_chat = any(one.message is not None for one in layout.taken["question"])
        self._is_given = layout.taken["question"][0].why == "given"
        self._behind = [part for part in _BEHIND if part in layout.taken]
        self._is_either = "program" in layout.taken and self._named("program", "solution")
        self._has_options = bool(layout.columns) or layout.inline or "options" in layout.taken
        self._answer_name = written(layout.taken["answer"][0].path) if "answer" in layout.taken else ""

    def __call__(self, item: str, row: Row) -> Document | UnreadableRecord:
        """The document of a row, which is called `item`."""
        if doubt := next((name for name, fine in _FINE.items() if row.get(name) and not _says(row[name], fine)), ""):
            return _unreadable(
                item, row, "doubted", f"the record doubts itself: {doubt} is {text_of(row[doubt])!r:.60}"
            )
        chat = self._chat(row) if self._asks_in_chat else None
        question = self._question(row, chat)
        marked = split_marked(question) if self.layout.marked else None
        question, said = marked or (question, "")
        if not question:
            return _unreadable(item, row, "no-question", "the record has no question field with text in it")
        asked = chat.asked if chat is not None else _asked_in_list(self._value("question", row))
        if asked > 1:
            return _unreadable(item, row, "several-turns", f"the record asks {asked} questions, one after the other")
        more: dict[str, Any] = {} if chat is None or not chat.system else {"system": chat.system}
        program = self._program(row)
        tests = read_tests(self._value("tests", row)) if "tests" in self._parts else NO_TESTS
        gold = NO_TESTS if tests else self._gold_tests(row)
        tests = tests or gold
        if tests:
            more.update(self._tested(tests, program or question, row))
        elif not program:
            question = with_blanks(without_markup(question))
        question, options = self._options(question, row)
        if options:
            more["options"] = tuple(one.text for one in options)
        solution = said or ("" if self._is_judged_wrong(row) else self._solution(row, chat))
        solution = solution if tests or program else without_markup(without_thought(solution))
        repeated = any(_marks_steps(question, text) for text in (solution, self._text("answer", row)))
        solution = "" if repeated else solution
        answer, more["option"] = (NONE, None) if gold or repeated else self._answer(row, options, solution, bool(tests))
        if program and not tests and answer.text:  # nobody asks for the program: it computes the answer
            more["computation"], program = program, ""
        if not solution and not repeated:
            stated = self._value("answer", row) if "answer" in self._parts else None
            solution = _solved(self._text("equation", row), answer.text) or _worked(stated)
            solution = solution or equations_of(more.get("computation", ""))
        for part, name in _AS_WRITTEN:
            if part in self._parts and (text := self._text(part, row).strip()):
                more[name] = text
        if "reltolerance" in self._parts and isinstance(share := self._value("reltolerance", row), float):
            more["tolerance"] = f"{100 * share:.6g}%"
        if "unit" in more or answer.unit:
            unit = more.get("unit", answer.unit).strip("$").strip()
            more["unit"] = unit.replace("$", "")  # `$10^{-2}$ N`
        if lacks := self._lacks(question, row, bool(options), bool(program)):
            more["lacks"] = lacks
        return Document(
            id=item,
            question=question,
            solution=solution,
            answer=answer.text,
            program=program,
            sha=content_id(question, solution, program),
            answer_from=answer.source,
            accepted=self._accepted(answer, row),
            **more,
        )

    # --- the parts ---

    def _named(self, taken: str, part: str) -> bool:
        """Whether the field that was taken for one part is called like another, too."""
        return likeness(part, str(self.layout.taken[taken][0].path[-1])) > WORD

    def _value(self, part: str, row: Row) -> Any:
        """The value of the first path of a part that has one."""
        if part in self._only:
            return self._only[part](row)
        values = (one.get(row) for one in self._parts.get(part, ()))
        return next((value for value in values if value is not None and FITS[part](unpacked(value))), None)

    def _text(self, part: str, row: Row) -> str:
        return text_of(self._value(part, row)) if part in self._parts else ""

    def _chat(self, row: Row) -> Chat | None:
        """The chat that holds the question."""
        value = unpacked(self._value("question", row))
        return read_chat(value) if is_chat(value) else None

    def _question(self, row: Row, chat: Chat | None) -> str:
        """What is asked: after its context, before what it is about and the code it begins with."""
        asked = chat.question if chat is not None else self._text("question", row)
        if not asked.strip() or not (self._is_given or FITS["question"](asked)):
            return ""
        asked = self.layout.instructions.without(asked)
        text = asked = asked if self.layout.marked else without_marks(asked)
        if context := self._context(row):
            text = joined(context, asked.strip())
        more = [(_TITLES.get(part, "") + self._text(part, row).strip("\n")) for part in self._behind]
        return "\n\n".join([text, *(one for one in more if one.strip())])

    def _context(self, row: Row) -> str:
        """The text and the table that the question speaks of."""
        before = passages(unpacked(self._value("context", row))).strip() if "context" in self._parts else ""
        after = self._text("aftertable", row).strip()
        table = table_text(unpacked(self._value("table", row))).strip() if "table" in self._parts else ""
        return "\n\n".join(filter(None, (before, table, after)))

    def _solution(self, row: Row, chat: Chat | None) -> str:
        value = unpacked(self._value("solution", row)) if "solution" in self._parts else ""
        if self._is_either and not self._program(row):
            value = unpacked(self._value("program", row)) or value
        if value is None or isinstance(value, str):
            return text_of(value)
        if is_chat(value):
            return read_chat(value).solution
        found = texts(listed(value))
        apart = len(found) > 1 and sum(map(len, found)) > LONG_SOLUTION * len(found)
        return _right(found, row) if apart else "\n".join(found)

    def _is_judged_wrong(self, row: Row) -> bool:
        """Whether the row says that its solution is wrong (`is_correct`, KTO's `label`)."""
        answering = {one.path[0] for one in self.layout.taken.get("answer", ())}
        return any(row[name] is False for name in _JUDGING.intersection(row) - answering)

    def _accepted(self, answer: FoundAnswer, row: Row) -> tuple[str, ...]:
        """Further answers that are as good: of the answer's own field, and of one for them."""
        named = texts(self._value("accepted", row)) if "accepted" in self._parts and answer.text else []
        return tuple(dict.fromkeys(one for one in (*answer.others, *map(str.strip, named)) if one != answer.text))

    def _gold_tests(self, row: Row) -> FoundTests:
        """The tests that stand where other rows have an answer."""
        value = unpacked(self._value("answer", row)) if "answer" in self._parts else None
        return read_tests(value) if isinstance(value, dict | list) else NO_TESTS

    def _options(self, question: str, row: Row) -> tuple[str, list[Option]]:
        """The question without its options, and these."""
        if self.layout.inline or not self._has_options:
            asked, found = split_inline(question) if self.layout.inline or self._is_letter(row) else ("", [])
            named = self.layout.inline or (not _SPEAKER.search(question) and self._right_option(row, found) is not None)
            return (asked, found) if asked and named else (question, [])
        if self._columns:
            found = [Option("", text) for get in self._columns if (text := plain_text(get(row)))]
            ordered = sorted(found, key=lambda one: one.text) if self.layout.right_first else found
            return question, read_options([one.text for one in ordered])
        found = read_options(self._value("options", row)) if "options" in self._parts else []
        return question, [one._replace(text=without_markup(one.text)) for one in found]

    def _is_letter(self, row: Row) -> bool:
        """Whether the answer is a letter that options in the question may have."""
        said = self._value("answer", row) if "answer" in self._parts else None
        return isinstance(said, str) and bool(_LETTER.fullmatch(said.strip()))

    def _answer(self, row: Row, options: list[Option], solution: str, tested: bool) -> tuple[FoundAnswer, int | None]:
        """(the answer, the position of the option that it is)."""
        if options:
            place = self._right_option(row, options)
            if place is not None:
                return FoundAnswer(options[place].text, "option"), place
        value = self._value("answer", row) if "answer" in self._parts else None
        if value is None and not options and isinstance(alone := unpacked(self._value("options", row)), Mapping):
            value = alone  # a quiz where others have options
        counted = bool(options) and self.layout.form.startswith("index") and isinstance(value, int)
        lost = not options and plain(self._answer_name.rpartition(".")[2]) in _OF_OPTIONS and self._is_letter(row)
        if says_none(value) or counted or lost:  # -1 and the like name no option
            return NONE, None
        several = bool(options) or row.get("is_multiple_answer")
        found = NONE if value is None else read_answer(value, self._answer_name, several)
        if found.text or tested:
            return found, None
        found = final_answer(solution or text_of(value))
        return (found if found.text or not is_bare(solution) else read_answer(solution, "")), None

    def _right_option(self, row: Row, options: list[Option]) -> int | None:
        if self.layout.right_first:
            right = plain_text(self._columns[0](row))
            return next((i for i, option in enumerate(options) if option.text == right), None)
        if "options" in self._parts and (place := marked(unpacked(self._value("options", row)))) is not None:
            return place if place < len(options) else None
        form = self.layout.form or ("" if self._has_options else "letter")
        return place_of(self._value("answer", row), options, form) if form else None

    # --- programs ---

    def _program(self, row: Row) -> str:
        """The first of the programs that is Python; of several that are not, the first."""
        if "program" not in self._parts:
            return ""
        found = texts(self._value("program", row))[:TRIED]
        if self._is_either and not any(map(shapes.is_code, found)):
            return ""
        bare = [match[1] if (match := _FENCE.search(text)) else text for text in found]
        if len(bare) < 2:
            return bare[0] if bare else ""
        return next((text for text in bare if _is_python(text)), bare[0])

    def _tested(self, tests: FoundTests, program: str, row: Row) -> dict[str, Any]:
        """The tests as code, after what they need, and as data; and the function that they call."""
        function = tests.function or self._text("entry_point", row) or called(tests.code, program)
        code = tests.code
        if tests.calls and function:
            with contextlib.suppress(ValueError):  # calls that are no JSON stay as they are
                code = assertions(tests.calls, function)
        setup = self._text("setup", row).strip()
        test = f"{setup}\n{code}" if setup and code else code
        return {"test": test, "entry_point": function, "calls": tests.calls, "streams": tests.streams}

    def _lacks(self, question: str, row: Row, options: bool, program: bool) -> str:
        """What is needed beside the text."""
        images = self._parts.get("image", ())
        if has_image(question) or any(shapes.is_figure(one.get(row)) for one in images):
            return "image"
        if not program and points_to_figure(question):
            return "figure"
        return "options" if options and NEEDS_OPTIONS.search(question) else ""


def _asked_in_list(value: Any) -> int:
    """How many questions a list of texts holds that all ask (CoQA)."""
    asking = isinstance(value, list) and all(isinstance(one, str) and one.rstrip().endswith("?") for one in value)
    return len(value) if asking else 0


def _says(value: Any, among: Sequence[str]) -> bool:
    return not isinstance(value, str) or value.strip().lower() in among


def _right(solutions: Sequence[str], row: Row) -> str:
    """The first of several solutions that the row says to be right; the first if it says nothing of them."""
    for name, marks in row.items():
        said = isinstance(marks, list) and len(marks) == len(solutions) and all(isinstance(one, bool) for one in marks)
        if said and words(name) & {"correct", "correctness"}:
            return solutions[marks.index(True)] if True in marks else ""
    return solutions[0]


def _marks_steps(question: str, solution: str) -> bool:
    """Whether a text repeats the question to mark its steps as right or wrong: word for word, but for the marks."""
    said, again = question.split(), solution.split()
    agreeing = sum(map(str.__eq__, said, again))
    return len(said) == len(again) >= LEAST_MARKED and agreeing >= 0.7 * len(said)


def _worked(answer: Any) -> str:
    """An answer that is a worked solution; nothing for one that is just a value, or several."""
    return text_of(answer) if not isinstance(answer, list) and is_worked(text_of(answer)) else ""


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _solved(equation: str, answer: str) -> str:
    """An equation with its value, `(76 - 25) = 51`, as the solution it is; nothing for systems and other notations."""
    if not equation or not answer or "\n" in equation.strip() or re.search(r"[a-z]{2,}\s*\(", equation):
        return ""
    body = _NAME_OF_VALUE.sub("", equation.strip()).strip()
    return body if "=" in body else f"{body} = {answer}"


def _unreadable(item: str, row: Row, code: str, message: str) -> UnreadableRecord:
    return UnreadableRecord(id=item, code=code, message=message, excerpt=excerpt(row))
