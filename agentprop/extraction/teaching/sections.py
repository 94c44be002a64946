"""A model's reply → its tagged sections; LaTeX, YAML and code stand in them as they are.

Cutting takes one pass over the text and never raises, whatever the text holds.
"""

from __future__ import annotations

import re


def blocks(text: str, tag: str) -> tuple[list[tuple[str, str]], bool]:
    """(attributes, content) of every `<tag …>…</tag>`, in order, and whether one was opened and never closed."""
    found: list[tuple[str, str]] = []
    opening = re.compile(rf"<{tag}((?:\s[^<>\n]*)?)>")
    position, unclosed = 0, False
    while opening.search(text, position):
        end = text.find(f"</{tag}>", position)
        opened = list(opening.finditer(text, position, end if end >= 0 else len(text)))
        unclosed |= end < 0 or len(opened) > 1
        if end < 0:
            break
        if opened:
            found.append((opened[-1][1].strip(), text[opened[-1].end() : end]))
        position = end + len(tag) + 3
    return found, unclosed


def section(text: str, tag: str) -> str | None:
    """The content of the first section with a tag, without blank lines around it; None where there is none."""
    found, _ = blocks(text, tag)
    return found[0][1].strip("\n") if found else None


def line(text: str, tag: str) -> str:
    """A section as one line; empty where there is none."""
    return " ".join((section(text, tag) or "").split())


def unfenced(text: str) -> str:
    """The text without a Markdown fence around all of it."""
    lines = text.strip().splitlines()
    fenced = len(lines) > 1 and lines[0].startswith("```") and lines[-1].strip() == "```"
    return "\n".join(lines[1:-1]) if fenced else text


def storable(text: str) -> str:
    """The text without what no file can hold: lone surrogates and NUL."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
