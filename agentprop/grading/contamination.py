"""Published benchmark statements → an index that finds the one that a new statement equals, or nearly equals.

Three comparisons, the strictest first, all on words and numbers without typography:

exact       the same words, numbers and operators
template    the same words if numbers and operators are left out: a published problem with other numbers
ngram       a run of n words and numbers in common, n = 13 as usual. A short statement with one word changed may have no
            run of 13 left, so n is two thirds of a short statement, and at least 8

A statement too short for a comparison is left to the stricter ones. Runs that several benchmark statements share are
turns of phrase (`where m and n are relatively prime positive integers`) and no evidence.
A run takes 8 bytes of memory, a statement about 250 besides; the number of both is bounded.

Example: a benchmark statement of 15 words and numbers is indexed with runs of n = 10.

    >>> benchmark = "Find the sum of the first 20 odd positive integers that are divisible by 3."
    >>> run_length(len(tokens(benchmark)))
    10
    >>> index = BenchmarkIndex()
    >>> index.add("exam.jsonl#0", benchmark)
    True
    >>> index.finish()
    >>> index.find("find the sum of the first $20$ odd positive integers that are divisible by $3$").kind
    'exact'
    >>> index.find("Find the sum of the first 50 odd positive integers that are divisible by 7.").kind
    'template'
    >>> index.find("Halve the sum of the first 20 odd positive integers that exceed 7.").matched
    'the sum of the first 20 odd positive integers that'
    >>> index.find("Find the product of the first 20 odd primes that are divisible by 3.")  # no run of 10 is left
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from itertools import groupby
from typing import Literal

from agentprop.errors import InputError

_BASE, _MASK = 0x9E3779B97F4A7C15, (1 << 64) - 1
"""Base and modulus 2^64 of the polynomial hash; an odd base has an inverse, so no word loses its weight."""

Kind = Literal["exact", "template", "ngram"]

LONGEST, SHORTEST = 13, 8
"""Words of a run, at most and at least (Brown et al. 2020, arXiv 2005.14165, use 13 and go down to 8)."""
TEMPLATE_WORDS = 8
"""Fewest words of a template: `what is # plus #` is no evidence."""
COMMON = 3
"""Statements that share a run, from which on it is a turn of phrase."""
MAX_RUNS = 40_000_000
"""Most runs of an index: 320 MB."""
MAX_STATEMENTS = 2_000_000
"""Most statements of an index: about 500 MB with their ids."""
MAX_TOKENS = 20_000
"""Words of a statement that are looked at, from its beginning."""
EXCERPT = 200
"""Characters of a match that are shown."""

_TYPOGRAPHY = re.compile(
    r"\\(?:left|right|[bB]igg?[lr]?|text(?:bf|it|rm|tt)?|math(?:rm|bf|it|sf|bb|cal)|operatorname|display(?:style)|"
    r"q?quad|[dt]?frac|dots|[lcv]dots|begin|end|hspace|vspace|emph)(?![a-z])|\\[,;!: ]|[~$]"
)
_OPERATORS = {r"\cdot": "*", r"\times": "*", r"\div": "/", r"\leq": "≤", r"\le": "≤", r"\geq": "≥", r"\ge": "≥",
              r"\neq": "≠", r"\ne": "≠", r"\pm": "±", "−": "-", "–": "-", "·": "*", "×": "*"}  # fmt: skip
_SPELLED = re.compile("|".join(f"{re.escape(name)}(?![a-z])" for name in _OPERATORS))
_THOUSANDS = re.compile(r"(?<=\d)(?:,|\{,\}|\\,)(?=\d{3}(?!\d))")
_TOKEN = re.compile(
    r"\d+(?:\.\d+)?|[぀-ヿ㐀-鿿가-힯]|[^\W\d_぀-ヿ㐀-鿿가-힯]+|[-+*/^=<>≤≥≠±%!|]"
)  # fmt: skip
"""Numbers, single characters of scripts without spaces, words, operators."""
_NUMERALS = frozenset(
    ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
     "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty", "thirty", "forty",
     "fifty", "sixty", "seventy", "eighty", "ninety", "hundred", "thousand", "million")
)  # fmt: skip


def tokens(text: str) -> list[str]:
    """Split a statement into words, numbers and operators, without typography and case."""
    plain = _THOUSANDS.sub("", unicodedata.normalize("NFKC", text.casefold()))
    plain = _SPELLED.sub(lambda found: f" {_OPERATORS[found[0]]} ", plain)
    return _TOKEN.findall(_TYPOGRAPHY.sub(" ", plain))[:MAX_TOKENS]


def is_word(token: str) -> bool:
    """True for a token that is neither a number, in digits or spelled out, nor an operator."""
    return token[0].isalpha() and token not in _NUMERALS


def run_length(words: int) -> int | None:
    """Run length n for a benchmark statement of so many words and numbers; None if it is too short for any run."""
    # -(-a // b) rounds up.
    return None if words < SHORTEST else min(LONGEST, max(SHORTEST, -(-2 * words // 3)))


@lru_cache(1 << 16)
def _word_key(word: str) -> int:
    return int.from_bytes(blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


class PrefixHashes:
    """Words of a statement → a key of 64 bits for every run of them, each in constant time.

    A prefix hash is h(w₁…w_i) = h(w₁…w_{i−1})·B + k(w_i), so that of a run is h(w₁…w_j) − h(w₁…w_i)·B^{j−i}, mod 2^64.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self._prefixes = [0]
        for word in words:
            self._prefixes.append((self._prefixes[-1] * _BASE + _word_key(word)) & _MASK)

    def runs(self, n: int) -> Iterator[int]:
        """Keys of all runs of n words, in order."""
        shift = pow(_BASE, n, _MASK + 1)
        return ((end - start * shift) & _MASK for start, end in zip(self._prefixes, self._prefixes[n:], strict=False))

    @property
    def all(self) -> int:
        """Key of the whole text."""
        return self._prefixes[-1]


# --- the index ---


class Postings:
    """Keys of 64 bits → the number of a statement, 8 bytes for each pair.

    52 bits of a key are kept, 12 of them as the number of its bucket: among 40 million keys, an absent one is found by
    accident once in 10^8.
    """

    def __init__(self) -> None:
        self._buckets = [array("Q") for _ in range(4096)]
        self.count = 0

    def add(self, key: int, statement: int) -> None:
        """Add a pair; a statement's number has 24 bits."""
        # An entry is 40 bits of the key above 24 bits of the number, so sorting entries sorts by key.
        self._buckets[key >> 52].append((key & 0xFFFFFFFFFF) << 24 | statement)
        self.count += 1

    def finish(self, common: int | None = None) -> None:
        """Sort after everything was added; keys of `common` or more statements are dropped."""
        for place, bucket in enumerate(self._buckets):
            kept = sorted(set(bucket))
            if common is not None:
                groups = (list(group) for _, group in groupby(kept, key=lambda entry: entry >> 24))
                kept = [group[0] for group in groups if len(group) < common]
            self._buckets[place] = array("Q", kept)
        self.count = sum(map(len, self._buckets))

    def find(self, key: int) -> int | None:
        """Number of the first statement with this key, if any."""
        # `low` is the smallest entry that this key can have: that of statement number 0.
        bucket, low = self._buckets[key >> 52], (key & 0xFFFFFFFFFF) << 24
        place = bisect_left(bucket, low)
        return bucket[place] & 0xFFFFFF if place < len(bucket) and bucket[place] >> 24 == low >> 24 else None


@dataclass(frozen=True)
class BenchmarkMatch:
    """A benchmark statement that was found."""

    kind: Kind
    """The comparison that found it."""
    reference: str
    """Id of the benchmark statement, `<file name>#<index>`."""
    matched: str
    """Text that both have in common, without typography."""


@dataclass
class BenchmarkIndex:
    """Benchmark statements: `add` them all, `finish`, then `find`."""

    references: list[str] = field(default_factory=list)
    """Ids of the statements, without those that repeat an earlier one."""
    exact: dict[int, int] = field(default_factory=dict)
    templates: dict[int, int] = field(default_factory=dict)
    runs: Postings = field(default_factory=Postings)
    lengths: set[int] = field(default_factory=set)
    """Run lengths in use."""

    def add(self, reference: str, text: str) -> bool:
        """Add a statement; False if it has no words or is there already. Raises InputError if too many were added."""
        found = tokens(text)
        key, number = PrefixHashes(found).all, len(self.references)
        if not found or key in self.exact:
            return False
        self.references.append(reference)
        self.exact[key] = number
        # Words alone, in their order: numbers and operators are what a changed version changes.
        words = [token for token in found if is_word(token)]
        if len(words) >= TEMPLATE_WORDS:
            self.templates.setdefault(PrefixHashes(words).all, number)
        self._add_runs(_without_operators(found), number)
        return True

    def _add_runs(self, found: Sequence[str], number: int) -> None:
        n = run_length(len(found))
        if n is None:
            return
        self.lengths.add(n)
        for key in PrefixHashes(found).runs(n):
            self.runs.add(key, number)
        if self.runs.count > MAX_RUNS or len(self.references) > MAX_STATEMENTS:
            raise InputError("the benchmarks are too large to be held in memory", hint="use fewer benchmark files")

    def finish(self) -> None:
        """Sort the index after the last `add`."""
        self.runs.finish(COMMON)

    def find(self, text: str) -> BenchmarkMatch | None:
        """Find the benchmark statement that a statement is taken from, by the strictest comparison that finds one."""
        # An empty text has the key 0, which `add` never stores.
        found = tokens(text)
        number = self.exact.get(PrefixHashes(found).all)
        if number is not None:
            return self._hit("exact", number, found)
        words = [token for token in found if is_word(token)]
        number = self.templates.get(PrefixHashes(words).all)
        if number is not None:
            return self._hit("template", number, words)
        return self._shared_run(_without_operators(found))

    def _shared_run(self, found: Sequence[str]) -> BenchmarkMatch | None:
        keys = PrefixHashes(found)
        for n in sorted(self.lengths, reverse=True):  # the longest run is the best evidence
            for start, key in enumerate(keys.runs(n)):
                number = self.runs.find(key)
                if number is not None:
                    return self._hit("ngram", number, found[start : start + n])
        return None

    def _hit(self, kind: Kind, number: int, parts: Sequence[str]) -> BenchmarkMatch:
        text = " ".join(parts)
        return BenchmarkMatch(kind, self.references[number], text if len(text) <= EXCERPT else f"{text[:EXCERPT]}…")


def _without_operators(found: Sequence[str]) -> list[str]:
    # Typesetting decides if "3x" is "3*x": runs leave operators out, so that they match either.
    return [token for token in found if token[0].isalnum()]
