"""JSON as models write it → the value: comments, commas too many, other quotation marks, names without quotes.

A quotation mark ends a text only if what follows can follow a value, so that quotes inside it need no backslash.
Brackets that are missing at the very end are added; a text that is never closed is refused.

>>> lenient_json('{code: \\'print("a", "b")\\', // run it\\n "again": True,}')
{'code': 'print("a", "b")', 'again': True}
>>> lenient_json('{"code": "print("a", "b")"')
{'code': 'print("a", "b")'}
"""

from __future__ import annotations

import json
import re
from typing import Any

# No library does this. dirtyjson and json5 refuse inner quotes, typographic quotes and a missing brace; json-repair
# reads prose and unfinished texts as JSON. With them 6, 9 and 25 of the tests of messages and calls fail.
QUOTES = {
    '"""': '"""', "'''": "'''", "<escape>": "<escape>", '<|"|>': '<|"|>', '"': '"', "'": "'", "`": "`",
    "“": "”", "”": "”", "„": "“",
}  # fmt: skip
"""Opening and closing quotation marks, the longer ones first."""
SPACE = re.compile(r"(?:\s|//[^\n]*|#[^\n]*|/\*.*?\*/)*", re.DOTALL)
WORD = re.compile(r"[\w.+\-$]+")
CONSTANTS = {"true": True, "false": False, "null": None, "none": None, "nan": None, "undefined": None}
KEY_FOLLOWS = re.compile(r"""\s*:""")
IN_OBJECT = re.compile(r"""\s*(?:\Z|[}\]]|,\s*(?:[}\]"'“”`]|\w[\w-]*\s*:|//|#|\Z)|//|\#)""")
"""What may follow a text in an object: its end, or the next name."""
NEXT_KEY = re.compile(r"""\s*,\s*["'“”`][\w -]*["'“”`]\s*:""")
IN_LIST = re.compile(r"\s*(?:\Z|[},\]]|//|#)")
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "/": "/", "\\": "\\", "b": "\b", "f": "\f", "`": "`"}
MAX_DEPTH = 40


def lenient_json(text: str) -> Any:
    """Read the one value of a text. Raises ValueError if there is none or if something else stands behind it."""
    value, end = lenient_value(text, 0)
    rest = text[SPACE.match(text, end).end() :]  # type: ignore[union-attr]  # it matches nothing, too
    if re.search(r"""["'\w]""", re.sub(r"<[^<>]*>", "", rest)):
        raise ValueError(f"text behind the value: {rest[:40]!r}")
    return value


def lenient_value(text: str, position: int) -> tuple[Any, int]:
    """(the value that begins at a position, where it ends). Raises ValueError."""
    return _Reader(text).value(position, IN_LIST, 0)


class _Reader:
    """Reads one text by recursive descent."""

    def __init__(self, text: str) -> None:
        self.text = text

    def value(self, position: int, follows: re.Pattern[str], depth: int) -> tuple[Any, int]:
        """Raises ValueError."""
        position = self.skip(position)
        if depth > MAX_DEPTH:
            raise ValueError("nested too deeply")
        if self.text.startswith("{", position):
            return self.object(position + 1, depth)
        if self.text.startswith("[", position):
            return self.list(position + 1, depth)
        quoted = self.quoted(position, follows)
        if quoted is not None:
            return quoted
        word = WORD.match(self.text, position)
        if word is None:
            raise ValueError(f"no value at {position}")
        return _scalar(word[0]), word.end()

    def object(self, position: int, depth: int) -> tuple[dict[str, Any], int]:
        """Read behind an opening brace."""
        found: dict[str, Any] = {}
        while not self.closes(position := self.skip(position), "}"):
            quoted = self.quoted(position, KEY_FOLLOWS)
            name = WORD.match(self.text, position) if quoted is None else None
            if quoted is None and name is None:
                raise ValueError(f"no name at {position}")
            key, position = quoted if quoted is not None else (name[0], name.end())  # type: ignore[index,union-attr]
            position = self.skip(position)
            if not self.text.startswith(":", position):
                raise ValueError(f"no colon at {position}")
            found[key], position = self.value(position + 1, IN_OBJECT, depth + 1)
            position = self.comma(position, "}")
        return found, min(position + 1, len(self.text))

    def list(self, position: int, depth: int) -> tuple[list[Any], int]:
        """Read behind an opening bracket."""
        found: list[Any] = []
        while not self.closes(position := self.skip(position), "]"):
            one, position = self.value(position, IN_LIST, depth + 1)
            found.append(one)
            position = self.comma(position, "]")
        return found, min(position + 1, len(self.text))

    def comma(self, position: int, closing: str) -> int:
        """Step over the comma behind a value. Raises ValueError if neither it nor the end is there."""
        position = self.skip(position)
        if self.text.startswith(",", position):
            return position + 1
        if self.closes(position, closing):
            return position
        raise ValueError(f"no comma at {position}")

    def closes(self, position: int, closing: str) -> bool:
        """True at the closing bracket, and at the end of the text."""
        return position >= len(self.text) or self.text.startswith(closing, position)

    def skip(self, position: int) -> int:
        """Step over blanks and comments."""
        found = SPACE.match(self.text, position)
        return position if found is None else found.end()

    def quoted(self, position: int, follows: re.Pattern[str]) -> tuple[str, int] | None:
        """(text in quotation marks, where it ends); None if none begins here. Raises ValueError if it never ends."""
        opening = next((mark for mark in QUOTES if self.text.startswith(mark, position)), None)
        if opening is None:
            return None
        closing, position = QUOTES[opening], position + len(opening)
        parts: list[str] = []
        while position < len(self.text):
            if self.text.startswith(closing, position) and self.ends(position + len(closing), follows):
                return "".join(parts), position + len(closing)
            part, position = self.character(position)
            parts.append(part)
        raise ValueError("a text is never closed")

    def ends(self, position: int, follows: re.Pattern[str]) -> bool:
        """True if a quotation mark before this position ends a text."""
        if follows.match(self.text, position) is None:
            return False
        comma = re.compile(r"\s*,\s*[\"'“”`]").match(self.text, position)
        return follows is not IN_OBJECT or comma is None or NEXT_KEY.match(self.text, position) is not None

    def character(self, position: int) -> tuple[str, int]:
        """(what one character or escape means, where it ends); an unknown escape keeps its backslash."""
        if self.text[position] != "\\" or position + 1 >= len(self.text):
            return self.text[position], position + 1
        escaped = self.text[position + 1]
        code = re.compile(r"u([0-9a-fA-F]{4})").match(self.text, position + 1)
        if code is not None:
            return chr(int(code[1], 16)), code.end()
        return ESCAPES.get(escaped, f"\\{escaped}"), position + 2


def _scalar(word: str) -> Any:
    """A constant, a number, or the word itself."""
    if word.lower() in CONSTANTS:
        return CONSTANTS[word.lower()]
    try:
        return json.loads(word)
    except ValueError:
        return word
