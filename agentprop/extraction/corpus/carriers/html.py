"""HTML pages → their main text, and the problems that it labels."""

from __future__ import annotations

from collections.abc import Iterator

from agentprop.extraction.corpus.carriers.base import Carrier
from agentprop.extraction.corpus.files import SourceFile
from agentprop.extraction.corpus.labelled import problems
from agentprop.extraction.corpus.markup import text_of_page
from agentprop.extraction.corpus.rows import Bad, Rows
from agentprop.extraction.corpus.streams import whole


def read_html(file: SourceFile) -> Iterator[Rows]:
    """A row for each problem of the page."""
    text = main_text(file)
    yield from [text] if isinstance(text, Bad) else problems(text)


def main_text(file: SourceFile) -> str | Bad:
    """What a page says."""
    return text_of_page(whole(file).decode("utf-8", "replace"))


CARRIER = Carrier("a web page", (".html", ".htm", ".xhtml"), read_html, encoded=True, text=main_text)
