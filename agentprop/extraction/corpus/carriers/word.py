"""Word files (.docx) → their text with formulas as TeX, and the problems that they label; tables of records → rows.

Paragraphs and tables come from python-docx, the library of the format. It leaves formulas out, so they are read here
(see `office_math`). A formula with a part that is not known makes the file's text unreadable rather than wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agentprop.errors import InputError
from agentprop.extraction.corpus.carriers.base import Carrier
from agentprop.extraction.corpus.carriers.office_math import UnknownFormula, tex_of
from agentprop.extraction.corpus.files import SourceFile
from agentprop.extraction.corpus.labelled import problems
from agentprop.extraction.corpus.layout.names import asks
from agentprop.extraction.corpus.rows import MAX_RECORD_BYTES, Bad, Row, Rows
from agentprop.extraction.corpus.streams import seekable, too_long

EXTRA = "pip install 'agentic-proposing[documents]'"


def read_word(file: SourceFile) -> Iterator[Rows]:
    """The records of its tables if these have a column of questions, else a row for each problem of the text."""
    document = _open(file)
    found = False
    for table in document.tables:
        for row in _records(table):
            found = True
            yield row
    if not found:
        text = word_text(file)
        yield from [text] if isinstance(text, Bad) else problems(text)


def _open(file: SourceFile) -> Any:
    try:
        import docx
        from docx.opc.exceptions import OpcError
    except ImportError:
        raise InputError(f"{file} is a Word file, and python-docx is not installed", hint=EXTRA) from None
    try:
        with seekable(file) as source:
            return docx.Document(source if not hasattr(source, "parts") else str(source))
    except (OpcError, ValueError, KeyError, SyntaxError) as error:
        raise InputError(f"{file} cannot be read as a Word file: {error}", hint="save it again as .docx") from None


def word_text(file: SourceFile) -> str | Bad:
    """The text of all paragraphs and cells, in order."""
    lines: list[str] = []
    try:
        for block in _open(file).iter_inner_content():
            lines += [_line(block)] if hasattr(block, "runs") else ["\t".join(cells) for cells in _cells(block)]
    except UnknownFormula as unknown:
        return Bad("unread-formula", f"a formula holds {unknown}, which is not read", "")
    text = "\n".join(lines)
    if len(text) > MAX_RECORD_BYTES:
        raise too_long(file, "the text")
    return text


def _line(paragraph: Any) -> str:
    """A paragraph; a heading is marked, so that it stands apart from text."""
    text = "".join(_inline(child) for child in paragraph._p)
    heading = (paragraph.style.name if paragraph.style is not None else "").startswith("Heading")
    return f"## {text}" if heading and text.strip() else text


def _inline(element: Any) -> str:
    """A run, link or formula of a paragraph."""
    name = element.tag.rpartition("}")[2]
    if name in ("oMath", "oMathPara"):
        return f"${tex_of(element)}$"
    if name == "r":
        return str(element.text or "")
    if name in ("drawing", "pict"):
        return " ![](image) "
    return (
        "".join(_inline(child) for child in element)
        if name in ("hyperlink", "ins", "smartTag", "sdt", "sdtContent")
        else ""
    )


def _cells(table: Any) -> list[list[str]]:
    return [["\n".join(_line(p) for p in cell.paragraphs).strip() for cell in row.cells] for row in table.rows]


def _records(table: Any) -> Iterator[Row]:
    """The rows of a table that names its columns."""
    cells = _cells(table)
    if cells and any(map(asks, cells[0])) and len(set(cells[0])) == len(cells[0]):
        yield from (dict(zip(cells[0], row, strict=False)) for row in cells[1:])


CARRIER = Carrier("a Word file", (".docx",), read_word, text=word_text)
