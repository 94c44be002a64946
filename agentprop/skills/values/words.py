"""Choices, strings and lists of words: drawn, written in quotation marks, read back."""

from __future__ import annotations

import re
from random import Random
from typing import Any

from agentprop.skills.values.parameter import Bounds, KindRules, Parameter


def _draw_letters(alphabet: str, bounds: Bounds, rng: Random) -> str:
    return "".join(rng.choice(alphabet) for _ in range(rng.randint(*bounds)))


def _draw_words(p: Parameter, rng: Random) -> list[str]:
    size = rng.randint(*(p.length or (2, 5)))
    return [_draw_letters(p.alphabet or "abc", p.word_length or (1, 4), rng) for _ in range(size)]


def _write_words(p: Parameter, value: Any, math: bool) -> str:
    return "[" + ", ".join(f'"{word}"' for word in value) + "]"


def _choices(p: Parameter, math: bool) -> str:
    return "|".join(re.escape(str(v)) for v in sorted(p.values, key=lambda v: -len(str(v))))


def _misfit_string(p: Parameter, value: Any) -> str | None:
    return None if isinstance(value, str) else "not a string"


RULES = {
    "choice": KindRules(
        ("values",),
        ("values",),
        lambda p, rng: str(rng.choice(p.values)),
        lambda p, v, m: str(v),
        _choices,
        lambda p, t, m: t,
        lambda p, v: None if v in p.values else "not one of the choices",
    ),
    "string": KindRules(
        ("alphabet", "length"),
        ("alphabet", "length"),
        lambda p, rng: _draw_letters(p.alphabet or "a", p.length or (1, 1), rng),
        lambda p, v, m: f'"{v}"',
        lambda p, m: r'"[^"]*"',
        lambda p, t, m: t[1:-1],
        _misfit_string,
    ),
    "words": KindRules(
        ("alphabet", "length", "word_length"),
        ("alphabet", "length", "word_length"),
        _draw_words,
        _write_words,
        lambda p, m: r'\[(?:"[^"]*"(?:, "[^"]*")*)?\]',
        lambda p, t, m: re.findall(r'"([^"]*)"', t),
        lambda p, v: None,
    ),
}
