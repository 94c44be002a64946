"""Texts as models write them → as they were meant: code fences, escaped characters, typographic quotes, indentation.

Code is mended only if it does not parse as it stands and does once it is mended; only a fence, which is no Python, is
always taken off.

>>> mend_code("```python\\nprint(1 &lt; 2)\\n```")
('print(1 < 2)', ('fence', 'escapes'))
>>> mend_code("print('&lt;')")
("print('&lt;')", ())
"""

from __future__ import annotations

import ast
import html
import re
import textwrap
import warnings
from collections.abc import Callable

FENCE = re.compile(r"(?ms)^[ \t]*(?P<marks>`{3,}|~{3,})[^\n`]*\n(?P<body>.*?)(?:^[ \t]*(?P=marks)`*[ \t]*$|\Z)")
INLINE = re.compile(r"\s*(`{1,3})(?:python|py)?(?P<body>[^`\n]+)\1\s*", re.IGNORECASE)
DOCUMENT = re.compile(r"(?s)\s*<!\[CDATA\[\n?(?P<body>.*?)\n?\]\]>\s*")
LANGUAGE = re.compile(r"\s*(?:python3?|py)[ \t]*\n", re.IGNORECASE)
"""First line that is left over of a fence."""
SHOWN = re.compile(r"\b(?:output|result|stdout|prints)\W*\Z", re.IGNORECASE)
"""What stands before a fence that shows what code prints."""
ENTITY = re.compile(r"&(?:lt|gt|amp|quot|apos|nbsp|#\d{2,5}|#x[0-9a-fA-F]{2,4});")
INVISIBLE: dict[int, str | int | None] = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"), "")
WIDE: dict[int, str | int | None] = {
    **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}, 0x3000: " ", 0x3001: ",", 0x3002: ".",
}  # fmt: skip
"""Full-width characters, as Chinese and Japanese texts have them."""
LOOKALIKES = (
    str.maketrans(
        {"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "−": "-", "–": "-", "×": "*", "·": "*", "⋅": "*", "∗": "*"}
        | {"÷": "/", "≤": "<=", "≥": ">=", "≠": "!=", "\u00a0": " ", "\u202f": " ", "…": "..."}
    )
    | INVISIBLE
    | WIDE
)
SPOKEN_OF = re.compile(r"html|xml|entit|escap|markup", re.IGNORECASE)


def parses(code: str) -> bool:
    """True if the code is Python."""
    try:
        with warnings.catch_warnings(action="ignore"):
            ast.parse(code)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True


def without_fences(text: str) -> str:
    """Only what stands in the fences of a text, if there are any; the text itself if there are none."""
    inline = INLINE.fullmatch(text) or DOCUMENT.fullmatch(text)
    if inline is not None:
        return inline["body"].strip()
    fenced = [match["body"].removesuffix("\n") for match in FENCE.finditer(text) if not _is_output(text, match)]
    if any(body.strip() for body in fenced):
        return "\n".join(body for body in fenced if body.strip())
    return re.sub(r"(?m)^[ \t]*(?:`{3,}|~{3,})\w*[ \t]*$\n?", "", text)


def _is_output(text: str, fence: re.Match[str]) -> bool:
    """A fence behind another one that shows what the code prints."""
    before = text[: fence.start()]
    return "```" in before and SHOWN.search(before[-60:]) is not None


def without_outer_fence(text: str) -> tuple[str, tuple[str, ...]]:
    """Take off a fence around the whole of a text."""
    document = DOCUMENT.fullmatch(text)
    if document is not None:
        return document["body"], ("fence",)
    match = FENCE.fullmatch(text.strip())
    if match is None or re.search(r"(?m)^[ \t]*(?:```|~~~)", match["body"]):
        return text, ()
    return match["body"].removesuffix("\n"), ("fence",)


def unescaped(text: str) -> str:
    """Entities as characters, whether they were escaped once or twice."""
    once = html.unescape(text)
    return html.unescape(once) if ENTITY.search(once) else once


def _line_breaks(code: str) -> str:
    """Line breaks and quotation marks that were written as in a JSON string."""
    if "\n" in code.strip():
        return code
    return code.strip().replace("\\n", "\n").replace("\\t", "\t").replace('\\"', '"').replace("\\'", "'").strip("\n")


def _prompts(code: str) -> str:
    """The input of an interactive session, without its prompts and its output."""
    lines = code.splitlines()
    if not any(line.lstrip().startswith(">>>") for line in lines):
        return code
    return "\n".join(line.lstrip()[4:] for line in lines if line.lstrip().startswith((">>>", "...")))


def _dedented(code: str) -> str:
    whole = textwrap.dedent(code)
    if whole != code:
        return whole.strip("\n")
    first, _, rest = code.partition("\n")
    return f"{first}\n{textwrap.dedent(rest)}" if rest else code


def _without_tags(code: str) -> str:
    """Code without the tags of a block inside a block, and without thinking."""
    shown = re.sub(r"(?is)<(think|thinking|thought|reasoning)>.*?</\1>", "", code) if "</" in code else code
    shown = re.sub(r"(?m)^[ \t]*<(?!code|python|exec|py)(\w+)>[^<>\n]{0,60}</\1>[ \t]*\n?", "", shown)
    tag = r"(?im)^[ \t]*(?:</?(?:code|python|exec|py|pre|certificate|action:\w+)\b[^<>]*>[ \t]*)+\n?"
    tag += r"|(?:</(?:code|python|pre)>\s*)+\Z"
    bare = re.sub(tag, "", shown)
    return code if bare == code else bare.strip("\n")


GUESSES: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("escapes", unescaped),
    ("thinking", _without_tags),
    ("characters", lambda code: code.translate(LOOKALIKES)),
    ("prompts", _prompts),
    ("escapes", _line_breaks),
    ("escapes", lambda code: re.sub(r"(?i)<br\s*/?>\n?", "\n", code).strip("\n")),
    ("indentation", _dedented),
)


def mend_code(code: str) -> tuple[str, tuple[str, ...]]:
    """Mend code; the names of what was mended. Code that no repair makes right keeps its own fault."""
    language = LANGUAGE.match(code)
    if language is not None:
        mended, names = mend_code(code[language.end() :])
        return mended, tuple(dict.fromkeys(("fence", *names)))
    if parses(code):
        return code, ()
    bare = without_fences(code)
    names = () if bare == code else ("fence",)
    if parses(bare):
        return bare, names
    for name, mend in GUESSES:  # one alone, so that no other repair touches what was right
        if (mended := mend(bare)) != bare and parses(mended):
            return mended, (*names, name)
    mended, used = bare, names
    for name, mend in GUESSES:
        if (changed := mend(mended)) != mended:
            mended, used = changed, (*used, name)
            if parses(mended):
                return mended, tuple(dict.fromkeys(used))
    return bare, names


def mend_prose(text: str) -> tuple[str, tuple[str, ...]]:
    """Mend a statement or an answer: a fence around all of it, and entities, unless it speaks of them."""
    bare, names = without_outer_fence(text)
    if ENTITY.search(bare) and not SPOKEN_OF.search(bare):
        return unescaped(bare), (*names, "escapes")
    return bare, names
