"""README.md, CONTRIBUTING.md and docs/*.md → their fenced blocks, and what is to be done with each.

A block of `sh` or `python` is run as it stands, unless an HTML comment on the line above it says otherwise:

    <!-- not run: needs a GPU -->             it is not run, for this reason
    <!-- run with: --dry-run -->              it is run with these words added at its end
    <!-- run instead: agentprop doctor -->    this is run in its place

A block of `toml`, `yaml` or `json` is parsed; with `title="agentprop.toml"` behind the language it is also written to
that file, for the blocks below it. `text` is what a program prints, and `markdown` is quoted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from places import ROOT

RUN, DATA, SHOWN = {"sh", "python"}, {"toml", "yaml", "json"}, {"text", "markdown"}
FENCE = re.compile(r"^ *(?:```|~~~)", re.MULTILINE)
BLOCK = re.compile(
    r"(?:^<!-- (?P<order>[\w ]+): (?P<word>(?:(?! -->).)*) -->\n)?"
    r'^```(?P<language>\w+)(?: title="(?P<title>[^"]+)")?\n(?P<text>.*?)^```$',
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """A fenced block."""

    page: str
    """Path of the page below the checkout."""
    line: int
    """Line of its fence."""
    language: str
    """Its language."""
    text: str
    """What it says."""
    title: str | None = None
    """File that it is the content of."""
    order: str | None = None
    """What the comment above it asks for: `not run`, `run with` or `run instead`."""
    word: str = ""
    """The reason, what to add, or what to run in its place."""

    @property
    def script(self) -> str:
        """What to run."""
        changed = {"run instead": self.word, "run with": f"{self.text.rstrip()} {self.word}"}
        return changed.get(self.order or "", self.text)

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(page: str) -> list[Block]:
    """The blocks of a page, in order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [
        Block(
            page,
            text.count("\n", 0, found.start("language")) + 1,
            found["language"],
            found["text"],
            found["title"],
            found["order"],
            " ".join((found["word"] or "").split()),
        )
        for found in BLOCK.finditer(text)
    ]


def fences(page: str) -> int:
    """How many fences a page has, indented and of any kind: twice as many as it should have blocks."""
    return len(FENCE.findall((ROOT / page).read_text(encoding="utf-8")))


def pages() -> list[str]:
    """README.md, the pages of docs/ in the order of its menu, and CONTRIBUTING.md."""
    menu = re.findall(r"\b([\w-]+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    return ["README.md", *(f"docs/{name}" for name in menu), "CONTRIBUTING.md"]


def stray_marks(page: str) -> list[str]:
    """Comments about running a block that stand above none."""
    return re.findall(r"<!-- (?:not run|run with|run instead).*", _prose(page))


def _prose(page: str) -> str:
    """A page without its blocks and the marks above them."""
    return BLOCK.sub("", (ROOT / page).read_text(encoding="utf-8"))


def commands(script: str) -> list[str]:
    """A script's lines without blank ones and comments."""
    lines = (re.sub(r"(^|\s{2,})#.*", "", line).rstrip() for line in script.splitlines())
    return [line for line in lines if line]


def links(page: str) -> list[tuple[Path, str]]:
    """The files and headings that a page refers to by relative links: (file, heading or nothing)."""
    found = re.findall(r"\]\(([^)\s]+)\)", _prose(page))
    parts = [target.partition("#") for target in found if "://" not in target]
    here = ROOT / page
    return [((here.parent / path).resolve() if path else here, heading) for path, _, heading in parts]


def headings(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and mkdocs both make them."""
    titles = re.findall(r"^#+ (.+)$", BLOCK.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r" +", "-", re.sub(r"[^\w\- ]", "", title.lower()).strip()) for title in titles}
