"""Lines such as `statement: …`, `**Answer:** 42` or `## Certificate` → names and the texts behind them.

>>> labelled("**Answer:** 42\\n\\n## Answer type\\ninteger\\ncode: |\\n  x = 6\\n  print(x)")
{'answer': '42', 'answer_type': 'integer', 'code': 'x = 6\\nprint(x)'}
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Container

LABEL = re.compile(
    r"(?m)^(?:[#>]+[ \t]*)?[*_]{0,2}(?P<name>[A-Za-z]\w*(?: \w+)?)[*_]{0,2}"
    r"(?:[ \t]*\((?P<sort>[A-Za-z ]{3,30})\)[*_]{0,2})?(?::[*_]{0,2}(?=\s|\Z)|(?<=[*\w)])[ \t]*$)"
)
HEADING = re.compile(r"[#*]")


def labelled(text: str, names: Container[str] | None = None) -> dict[str, str]:
    """Read the labels of a text, or those of `names` alone; what stands before the first is dropped.

    A label ends with a colon or is a heading of its own line; `Answer (integer): 42` gives the answer's type as well.
    """
    marks = [mark for mark in LABEL.finditer(text) if _is_label(mark, names)]
    ends = [*(mark.start() for mark in marks[1:]), len(text)]
    found: dict[str, str] = {}
    for mark, end in zip(marks, ends, strict=False):
        found.setdefault(_name(mark), _value(text[mark.end() : end]))
        if mark["sort"] and _name(mark) == "answer":
            found.setdefault("answer_type", mark["sort"])
    return found


def _name(mark: re.Match[str]) -> str:
    return mark["name"].lower().replace(" ", "_")


def _is_label(mark: re.Match[str], names: Container[str] | None) -> bool:
    return (":" in mark[0] or HEADING.match(mark[0]) is not None) and (names is None or _name(mark) in names)


def _value(text: str) -> str:
    """The text behind a label, without the marks and the indentation of a YAML block or the quotes of a scalar."""
    block = re.match(r"[ \t]*[|>][+-]?[ \t]*\n", text)
    plain = textwrap.dedent(text[block.end() :]).rstrip() if block else text.strip()
    quoted = re.fullmatch(r"""(["'])(?P<inside>[^\n]*)\1""", plain)
    return quoted["inside"] if quoted is not None and quoted[1] not in quoted["inside"] else plain
