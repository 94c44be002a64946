"""PDF → its text, and the problems that it labels.

Text is what pypdf finds: a maintained library in pure Python, without a model and without anything to compile. A PDF
holds glyphs at places and no formulas: fractions and powers that are set above each other come out in a line.
"""

from __future__ import annotations

from collections.abc import Iterator

from agentprop.errors import InputError
from agentprop.extraction.corpus.carriers.base import Carrier
from agentprop.extraction.corpus.files import SourceFile
from agentprop.extraction.corpus.labelled import problems
from agentprop.extraction.corpus.rows import MAX_RECORD_BYTES, Bad, Rows
from agentprop.extraction.corpus.streams import seekable, too_long

EXTRA = "pip install 'agentic-proposing[documents]'"


def read_pdf(file: SourceFile) -> Iterator[Rows]:
    """A row for each problem."""
    text = pdf_text(file)
    yield from [text] if isinstance(text, Bad) else problems(text)


def pdf_text(file: SourceFile) -> str | Bad:
    """The text of all pages. Raises InputError if it cannot be read, or if there is only a scanned image."""
    try:
        import pypdf
        from pypdf.errors import PyPdfError
    except ImportError:
        raise InputError(f"{file} is a PDF, and pypdf is not installed", hint=EXTRA) from None
    pages: list[str] = []
    size = 0
    try:
        with seekable(file) as source, pypdf.PdfReader(source) as reader:
            for page in reader.pages:
                pages.append(page.extract_text())
                size += len(pages[-1])
                if size > MAX_RECORD_BYTES:
                    raise too_long(file, "the text")
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        why = " ".join(str(error).split())[:200] or type(error).__name__
        raise InputError(f"{file} cannot be read as a PDF: {why}", hint="save it again, without a password") from None
    if not size:
        raise InputError(f"{file} holds no text", hint="it may be scanned: recognise its text first")
    return "\n".join(pages)


CARRIER = Carrier("PDF", (".pdf",), read_pdf, text=pdf_text)
