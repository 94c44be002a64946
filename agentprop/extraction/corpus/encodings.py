"""The first bytes of a text → the encoding it is in.

A byte order mark decides; zeros in every other byte are UTF-16. Anything else is UTF-8 unless its bytes say otherwise:
bytes that are no UTF-8 and stand alone between ASCII letters, as in `caf\\xe9`, are Latin-1. A text in another 8-bit or
multi-byte encoding is not guessed at; `--encoding` names it.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable

from agentprop.errors import InputError

CHUNK = 1 << 20
"""Bytes that are looked at at once."""
UTF8 = "utf-8"
LATIN1 = "cp1252"
"""Latin-1 as it is written in practice, with quotation marks and dashes in place of control characters."""
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, UTF8),
)
_DECLARED = re.compile(
    rb"""(?:<\?xml[^>]{0,80}\bencoding|<meta[^>]{0,200}\bcharset)\s*=\s*["']?([\w.:-]{2,40})""", re.I
)
_STRANGE = re.compile("[\udc80-\udcff]")
"""What `surrogateescape` makes of bytes that are no UTF-8."""
_RUNS = re.compile(rb"[\x80-\xff]+")
_HINT = "name its encoding, for example --encoding latin-1 or --encoding gb18030"


def check_encoding(name: str) -> str:
    """The name of an encoding, checked. Raises InputError for one that Python does not know, or that is no text."""
    try:
        codecs.lookup(name)
        "".encode(name)
    except (LookupError, ValueError):
        raise InputError(f"there is no encoding {name!r}", hint="utf-8, utf-16, latin-1, cp1252, gb18030, …") from None
    return name


def recognise(chunks: Iterable[bytes], source: str) -> str:
    """The encoding of a text, from its chunks up to the first with a byte beyond ASCII. Raises InputError."""
    for number, chunk in enumerate(chunks):
        if number == 0:
            marked = next((name for mark, name in _MARKS if chunk.startswith(mark)), None)
            if marked:
                return marked
            if b"\x00" in chunk[:4096]:
                return _wide(chunk[:4096], source)
        if not chunk.isascii():
            return _of(chunk, source)
    return UTF8


def _wide(head: bytes, source: str) -> str:
    """UTF-16 without a mark: text in Latin letters has zeros at odd or even places only. Raises InputError."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    most, least = max(even, odd), min(even, odd)
    if most * 3 < len(head) // 2 or least * 20 > most:
        raise InputError(f"{source} is a binary file", hint="give text files, or files whose suffix says what they are")
    return "utf-16-le" if odd > even else "utf-16-be"


def _of(chunk: bytes, source: str) -> str:
    """The encoding of bytes of which some are not ASCII."""
    if _fits(chunk, UTF8):
        return UTF8
    decoder = codecs.getincrementaldecoder(UTF8)("surrogateescape")
    text = decoder.decode(chunk, final=len(chunk) < CHUNK)  # a whole chunk may end inside a character
    strange = len(_STRANGE.findall(text))
    wide = sum(character > "\x7f" for character in text) - strange
    if strange <= wide:
        return UTF8  # damaged here and there, if at all: the damaged records are told apart
    declared = _DECLARED.search(chunk[:1024])
    if declared and _fits(chunk, name := declared[1].decode("ascii")):
        return name
    runs = [len(run) for run in _RUNS.findall(chunk)]
    if sum(length == 1 for length in runs) * 2 < len(runs):
        raise InputError(f"{source} is in an encoding that is not recognised", hint=_HINT)
    return LATIN1 if _fits(chunk, LATIN1) else "latin-1"


def _fits(chunk: bytes, name: str) -> bool:
    try:
        codecs.getincrementaldecoder(name)("strict").decode(chunk, final=len(chunk) < CHUNK)
    except (LookupError, UnicodeDecodeError):
        return False
    return True
