"""A row and its layout → a document, or the reason why there is none."""

from __future__ import annotations

import ast
import contextlib
import re
from typing import Any, NamedTuple

from agentprop.extraction.corpus.document import Document, UnreadableRecord
from agentprop.extraction.corpus.layout import shapes
from agentprop.extraction.corpus.layout.answers import LONG, NONE, FoundAnswer, final_answer, plain_text, read_answer
from agentprop.extraction.corpus.layout.evidence import Layout
from agentprop.extraction.corpus.layout.fits import FITS, texts
from agentprop.extraction.corpus.layout.options import Option, marked, place_of, read_options, split_inline
from agentprop.extraction.corpus.layout.paths import Getter, getter, written
from agentprop.extraction.corpus.layout.shapes import Chat, is_chat, read_chat, text_of, unpacked
from agentprop.extraction.corpus.layout.tests_of import ProgramTests, assertions, called, read_tests
from agentprop.extraction.corpus.rows import Row, excerpt
from agentprop.records import content_id

LONG_CONTEXT = 400
"""Characters from which a context is set apart by a blank line."""
SHORT_SOLUTION = 60
"""Longest solution that can be the bare answer, in characters."""
TRIED = 8
"""Programs of one problem of which the first in Python is taken."""
LONG_SOLUTION = 200
"""Mean length from which the texts of a list are solutions of their own, and not steps of one."""
NEEDS_OPTIONS = re.compile(
    r"\b(?:which|what|one|any|all|each|none)\s+(?:\w+\s+){0,2}of\s+(?:the\s+)?(?:following|these|above|below)\b"
    r"|\bthe following (?:statements?|options?|choices?)\b|以下",
    re.IGNORECASE,
)
_DRAWING = "figure|diagram|picture|image"
FIGURE = re.compile(
    r"<image[ _]?\d*>|<img\b|!\[[^\]]*\]\(|\\includegraphics|\\begin\{tikzpicture\}"
    rf"|\b(?:in|see|from|on)\s+the\s+(?:\w+\s+)?(?:{_DRAWING})\b(?!\s+(?:frame|book))"
    rf"|\b(?:{_DRAWING}|graph)\s+(?:above|below|shown|on the (?:left|right))\b"
    rf"|\b(?:shown|pictured|depicted|illustrated)\s+in\s+(?:{_DRAWING})\b",
    re.IGNORECASE,
)
"""Words and marks by which a question points to something that is no text."""
_BLANK = re.compile(
    r"_{2,}|\\underline\s*\{(?:\s|~|\\(?:hspace|q?quad)\s*(?:\{[^{}]*\})?)*\}|(?<![\w)\]])[(（]\s{1,8}[)）]"
)
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
        self._columns = [getter(path) for path in layout.columns]
        self._answer_name = written(layout.taken["answer"][0].path) if "answer" in layout.taken else ""

    def __call__(self, item: str, row: Row) -> Document | UnreadableRecord:
        """The document of a row, which is called `item`."""
        chat = self._chat(row)
        question = self._question(row, chat)
        if not question:
            return _unreadable(item, row, "no-question", "the record has no question field with text in it")
        if chat is not None and chat.asked > 1:
            return _unreadable(item, row, "several-turns", f"the chat asks {chat.asked} questions, one after the other")
        tests, program = self._tests(row), self._program(row)
        question, options = self._options(question, row)
        question = question if program or tests else _with_blanks(question)
        solution = self._solution(row, chat)
        answer, option = self._answer(row, options, solution, bool(tests))
        equation = self._text("equation", row)
        if not solution:
            solution = _solved(equation, answer.text) or _worked(self._text("answer", row))
        return Document(
            id=item,
            question=question,
            solution=solution,
            answer=answer.text,
            program=program,
            test=self._test_code(tests, program, row),
            entry_point=tests.function or self._text("entry_point", row) or called(tests.code, program or question),
            sha=content_id(question, solution, program),
            answer_from=answer.source,
            accepted=answer.others,
            unit=self._text("unit", row).strip().strip("$").strip() or answer.unit,
            tolerance=self._text("tolerance", row),
            options=tuple(one.text for one in options),
            option=option,
            equation=equation,
            calls=tests.calls,
            streams=tests.streams,
            system="" if chat is None else chat.system,
            source_id=self._text("id", row).strip(),
            lacks=self._lacks(question, row, bool(options), bool(program)),
        )

    # --- the parts ---

    def _value(self, part: str, row: Row) -> Any:
        """The value of the first path of a part that has one."""
        places = self._parts.get(part, ())
        if len(places) == 1:
            return places[0].get(row)
        values = (one.get(row) for one in places)
        return next((value for value in values if value is not None and FITS[part](unpacked(value))), None)

    def _text(self, part: str, row: Row) -> str:
        return text_of(self._value(part, row)) if part in self._parts else ""

    def _chat(self, row: Row) -> Chat | None:
        """The chat that holds the question."""
        if not any(one.message is not None for one in self._parts["question"]):
            return None
        value = unpacked(self._value("question", row))
        return read_chat(value) if is_chat(value) else None

    def _question(self, row: Row, chat: Chat | None) -> str:
        """What is asked: after its context, before what it is about and the code it begins with."""
        asked = chat.question if chat is not None else self._text("question", row)
        if not asked.strip():
            return ""
        text = asked if "tests" in self._parts or "program" in self._parts else asked.strip()
        if context := self._text("context", row).strip():
            text = context + ("\n\n" if "\n" in context or len(context) > LONG_CONTEXT else " ") + text
        more = [self._text(part, row).strip("\n") for part in ("input", "starter") if part in self._parts]
        return "\n\n".join([text, *(one for one in more if one.strip())])

    def _solution(self, row: Row, chat: Chat | None) -> str:
        if "solution" not in self._parts:
            return ""
        value = unpacked(self._value("solution", row))
        if is_chat(value):
            return read_chat(value).solution
        found = texts(value)
        apart = len(found) > 1 and sum(map(len, found)) > LONG_SOLUTION * len(found)
        return "\n".join(found[:1] if apart else found)

    def _options(self, question: str, row: Row) -> tuple[str, list[Option]]:
        """The question without its options, and these."""
        if self.layout.inline:
            return split_inline(question)
        if self._columns:
            found = [Option("", text) for get in self._columns if (text := plain_text(get(row)))]
            ordered = sorted(found, key=lambda one: one.text) if self.layout.right_first else found
            return question, read_options([one.text for one in ordered])
        return question, read_options(self._value("options", row)) if "options" in self._parts else []

    def _answer(self, row: Row, options: list[Option], solution: str, tested: bool) -> tuple[FoundAnswer, int | None]:
        """(the answer, the position of the option that it is)."""
        if options:
            place = self._right_option(row, options)
            if place is not None:
                return FoundAnswer(options[place].text, "option"), place
        value = self._value("answer", row)
        found = NONE if value is None else read_answer(value, self._answer_name, row.get("is_multiple_answer"))
        if found.text or tested:
            return found, None
        short = solution.strip()
        if short and len(short) <= SHORT_SOLUTION and "\n" not in short and not shapes.is_arithmetic(short):
            return read_answer(short, ""), None
        return final_answer(solution or text_of(value)), None

    def _right_option(self, row: Row, options: list[Option]) -> int | None:
        if self.layout.right_first:
            right = plain_text(self._columns[0](row))
            return next((i for i, option in enumerate(options) if option.text == right), None)
        if "options" in self._parts and (place := marked(unpacked(self._value("options", row)))) is not None:
            return place if place < len(options) else None
        return place_of(self._value("answer", row), options, self.layout.form) if self.layout.form else None

    # --- programs ---

    def _program(self, row: Row) -> str:
        """The first of the programs that is Python; of several that are not, the first."""
        if "program" not in self._parts:
            return ""
        found = texts(self._value("program", row))[:TRIED]
        bare = [match[1] if (match := _FENCE.search(text)) else text for text in found]
        if len(bare) < 2:
            return bare[0] if bare else ""
        return next((text for text in bare if _is_python(text)), bare[0])

    def _tests(self, row: Row) -> ProgramTests:
        return read_tests(self._value("tests", row)) if "tests" in self._parts else ProgramTests()

    def _test_code(self, tests: ProgramTests, program: str, row: Row) -> str:
        """Tests as code, after what they need."""
        code = tests.code
        function = tests.function or self._text("entry_point", row) or called(program, program)
        if tests.calls and function:
            with contextlib.suppress(ValueError):  # calls that are no JSON stay as they are
                code = assertions(tests.calls, function)
        setup = self._text("setup", row).strip()
        return f"{setup}\n{code}" if setup and code else code

    def _lacks(self, question: str, row: Row, options: bool, program: bool) -> str:
        if "image" in self._parts and any(shapes.is_figure(one.get(row)) for one in self._parts["image"]):
            return "figure"
        if not program and FIGURE.search(question):
            return "figure"
        return "options" if options and NEEDS_OPTIONS.search(question) else ""


def _worked(answer: str) -> str:
    """An answer that is a worked solution; nothing for one that is just a value."""
    return answer if len(answer) > LONG or "\n" in answer or "####" in answer or r"\boxed" in answer else ""


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _with_blanks(question: str) -> str:
    """A question whose gaps are all written `____`."""
    return _BLANK.sub("____", question) if "_" in question or "(" in question or "（" in question else question


def _solved(equation: str, answer: str) -> str:
    """An equation with its value, `(76 - 25) = 51`, as the solution it is; nothing for systems and for other notations."""
    if not equation or not answer or "\n" in equation.strip() or re.search(r"[a-z]{2,}\s*\(", equation):
        return ""
    body = _NAME_OF_VALUE.sub("", equation.strip()).strip()
    return body if "=" in body else f"{body} = {answer}"


def _unreadable(item: str, row: Row, code: str, message: str) -> UnreadableRecord:
    return UnreadableRecord(id=item, code=code, message=message, excerpt=excerpt(row))
