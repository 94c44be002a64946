"""HTML → what a reader sees of it: of a page, or of a field of a record that is written in it.

The main text of a page is that of `<main>` or `<article>` where there is one, else of the body without navigation,
scripts and footers. Formulas keep their TeX (`<annotation>`, `<script type="math/tex">`, the alternative text of an
image). Tags are found by a scan of its own that goes over the page once, whatever is in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

_SILENT = frozenset(
    {"script", "style", "noscript", "template", "nav", "header", "footer", "aside", "form", "svg", "head"}
)
_VOID = frozenset(
    {"br", "hr", "img", "input", "meta", "link", "wbr", "source", "col", "area", "base", "embed", "track"}
)
_BLOCK = frozenset(
    [
        "p",
        "div",
        "section",
        "article",
        "main",
        "li",
        "ul",
        "ol",
        "dl",
        "dt",
        "dd",
        "table",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "blockquote",
        "pre",
        "figure",
        "details",
        "summary",
        "br",
        "hr",
    ]
)
_MAIN = frozenset({"main", "article"})
_RAW = frozenset({"script", "style", "textarea", "title"})
"""Elements whose content is no markup."""
_TAG = re.compile(r"""<(?P<end>/?)(?P<name>[A-Za-z][\w:-]*)(?P<more>(?:[^<>"']|"[^"]{0,9999}"|'[^']{0,9999}')*)>""")
_ATTRIBUTE = re.compile(r"""([\w:-]+)\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)""")
_BLOCKS = re.compile(r"<(p|div|[ou]l|h[1-6]|table|math)\b[^<>]*>.*?</\1>", re.DOTALL | re.IGNORECASE)
_FONT = re.compile(r"<(b|i|u|em|strong|span|font|small)\b[^<>]*>(.*?)</\1>", re.DOTALL | re.IGNORECASE)
_RAISED = re.compile(r"<(sup|sub)>\s*([^<>]{1,60}?)\s*</\1>", re.IGNORECASE)
_BREAK = re.compile(r"[ \t]*<br\s*/?>[ \t]*\n?", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:lt|gt|amp|nbsp|quot|apos|#\d{1,6}|#x[0-9a-fA-F]{1,5});")


def text_of_page(page: str) -> str:
    """What a page says."""
    reader = _TextCollector()
    for token in _tokens(page):
        reader.take(token)
    return reader.text()


def without_markup(text: str) -> str:
    """A field's text without its HTML, such as `<p>Is $x &lt; 2$?</p>`; any other text as it is.

    Paragraphs and lists are read as a page. Fonts and line breaks alone may stand in Markdown, whose lines stay.
    """
    if "</" in text and _BLOCKS.search(text):
        return text_of_page(text)
    if "</" in text:
        text = _FONT.sub(r"\2", _RAISED.sub(_raised, text))
    if "<br" in text.lower():
        text = "\n".join(_BREAK.sub(" " if line.count("|") > 1 else "\n", line) for line in text.split("\n"))
    return _ENTITY.sub(lambda entity: unescape(entity[0]), text) if "&" in text else text


def _raised(found: re.Match[str]) -> str:
    body = found[2] if len(found[2]) == 1 else f"{{{found[2]}}}"
    return ("^" if found[1].lower() == "sup" else "_") + body


MAX_DEPTH = 256
"""Elements within each other that are told apart."""
Token = str | re.Match[str]
"""Text, or a tag."""


def _tokens(page: str) -> Iterator[Token]:
    """The text and the tags of a page in order, without comments and what scripts hold."""
    place = 0
    while place < len(page):
        begin = page.find("<", place)
        if begin != place:
            yield unescape(page[place : begin if begin >= 0 else len(page)])
        if begin < 0:
            return
        if page.startswith(("<!", "<?"), begin):
            mark = "-->" if page.startswith("<!--", begin) else ">"
            end = page.find(mark, begin)
            place = len(page) if end < 0 else end + len(mark)
        elif tag := _TAG.match(page, begin):
            yield tag
            place = tag.end()
            if tag["name"].lower() in _RAW and not tag["end"]:
                close = re.compile(rf"</{tag['name']}\b", re.IGNORECASE).search(page, place)
                end = close.start() if close else len(page)
                yield page[place:end]
                place = end
        else:
            yield "<"
            place = begin + 1


class _TextCollector:
    """Collects text, a block on lines of its own."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._numbers: list[int] = []
        self._pieces: list[str] = []
        self._main: list[str] = []
        self._columns, self._named, self._ruled = 0, False, False
        self._formula: list[str] | None = None
        """The letters of the formula that is open; None once its TeX was found, or outside."""

    def take(self, token: Token) -> None:
        """Read on."""
        if isinstance(token, str):
            self._say(token if "pre" in self._open else re.sub(r"\s+", " ", token))
        elif token["end"]:
            self._end(token["name"].lower())
        else:
            self._start(token["name"].lower(), token["more"])

    def _start(self, tag: str, more: str) -> None:
        given = {found[1].lower(): unescape(found[2].strip("\"'")) for found in _ATTRIBUTE.finditer(more)}
        if tag in _BLOCK:
            self._say("\n")
        if tag == "table":
            self._ruled = False
        if tag == "img":
            self._say(_image(given))
        elif tag in ("ol", "ul"):
            self._numbers.append(0 if tag == "ol" else -1)
        elif tag == "li" and self._numbers and self._numbers[-1] >= 0:
            self._numbers[-1] += 1
            self._say(f"{self._numbers[-1]}. ")
        elif tag in ("sup", "sub"):
            self._say("^{" if tag == "sup" else "_{")
        elif tag in ("td", "th"):
            self._say(" | ")
            self._columns += 1
            self._named = self._named or tag == "th"
        if tag == "math":
            self._formula = [given["alttext"]] if given.get("alttext") else []
        if tag == "annotation" or (tag == "script" and given.get("type", "").startswith("math/tex")):
            tag, self._formula = "tex", None
            self._say("$")
        if tag not in _VOID and len(self._open) < MAX_DEPTH:
            self._open.append(tag)

    def _end(self, tag: str) -> None:
        names = ("tex", tag) if tag in ("annotation", "script") else (tag,)
        place = next((i for i in range(len(self._open) - 1, -1, -1) if self._open[i] in names), None)
        if place is not None:
            if self._open[place] == "tex":
                self._say("$")
            del self._open[place:]
        if tag == "math" and self._formula is not None:
            letters, self._formula = " ".join(self._formula), None
            self._say(f"${letters}$")
        if tag in ("ol", "ul") and self._numbers:
            self._numbers.pop()
        if tag in ("sup", "sub"):
            self._say("}")
        if tag == "tr":
            self._end_row()
        if tag in _BLOCK:
            self._say("\n")

    def _end_row(self) -> None:
        """End the row of a table; a rule below the one that names the columns, as Markdown writes it."""
        self._say(" |\n" + ("|" + "---|" * self._columns + "\n" if self._named and not self._ruled else ""))
        self._ruled = self._ruled or self._named
        self._columns, self._named = 0, False

    def _say(self, text: str) -> None:
        if "tex" not in self._open:
            if "math" in self._open and text != "$":  # its letters, in case no TeX follows
                if self._formula is not None and text.strip() and "annotation-xml" not in self._open:
                    self._formula.append(text.strip())
                return
            if not _SILENT.isdisjoint(self._open):
                return
        self._pieces.append(text)
        if not _MAIN.isdisjoint(self._open):
            self._main.append(text)

    def text(self) -> str:
        """What was collected."""
        text = re.sub(r"([\^_])\{(\w)\}", r"\1\2", "".join(self._main if "".join(self._main).strip() else self._pieces))
        return re.sub(r"\n\s*\n+", "\n\n", re.sub(r"[ \t]*\n[ \t]*", "\n", text)).strip()


def _image(given: dict[str, str]) -> str:
    """An image of a formula is its TeX; any other stays an image."""
    said = given.get("alt", "")
    if said and (re.search(r"\b(?:tex|latex|math)", given.get("class", "")) or said.startswith(("$", "\\"))):
        return f"${said.strip('$ ')}$"
    return f" ![{said}]({given.get('src', '')[:80]}) "
