"""The tests that a benchmark has for a program → whether a program passes them.

Three kinds, each run as what it is: code that calls the program (`CodeTests`), arguments and values of a function as
data (`CallTests`), and what goes in and comes out of a program (`StreamTests`). Program and tests run in processes of
their own, or the expected values stay outside, so that a program can neither see its tests nor end them.
"""

from __future__ import annotations

import ast
import math
import re
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from agentprop.answers.outcome import Equivalence, different, same, undetermined
from agentprop.grading.comparison import all_passed, each_call, program_of, unfenced
from agentprop.sandbox import Job, Result, Sandbox
from agentprop.sandbox.plans import TestPlan
from agentprop.sandbox.verify import says_nothing

SOLUTION = "Solution"
"""The class whose methods some judges ask for."""
TOTAL = 10
"""All inputs together may take so many times the seconds of one."""
FLOAT_TOLERANCE = 1e-6
"""Relative or absolute difference of a printed number with a decimal point."""


class ProgramTests(Protocol):
    """Tests of one problem."""

    def program(self, text: str) -> str | None:
        """The program of a reply; None if there is none."""

    def run(self, program: str, sandbox: Sandbox, seconds: float) -> Equivalence:
        """Whether a program passes. It blocks: call it in a thread."""


@dataclass(frozen=True)
class BoundTests:
    """Tests with a place to run and a limit."""

    tests: ProgramTests
    sandbox: Sandbox
    seconds: float

    def program(self, text: str) -> str | None:
        """The program of a reply; None if there is none."""
        return self.tests.program(text)

    def passes(self, program: str) -> Equivalence:
        """Whether a program passes. It blocks: call it in a thread."""
        return self.tests.run(unfenced(program), self.sandbox, self.seconds)


@dataclass(frozen=True)
class CodeTests:
    """Tests written as code."""

    plan: TestPlan

    def program(self, text: str) -> str | None:
        """The last block that defines what the tests call."""
        return program_of(text, *_owners(self.plan.target))

    @property
    def forgiving(self) -> bool:
        """Whether the tests have a way to swallow what a program raises."""
        return any(re.search(r"\bexcept\b|suppress|[Rr]aises", source) for _, source in self.plan.sources)

    def run(self, program: str, sandbox: Sandbox, seconds: float) -> Equivalence:
        """Whether a program passes within so many seconds for all of them."""
        found = sandbox.run_tests(program, self.plan, timeout_s=seconds)
        match found.verdict:
            case "passed":
                return same("tests", found.why)
            case "failed":
                return different("tests", found.why)
        return undetermined(found.code, found.why)


def stub(target: str) -> str:
    """A program that defines what is asked for, and raises whatever is asked of it."""
    owner, _, method = target.split("|")[0].rpartition(".")
    raising = "(self, *arguments, **named):\n        raise NotImplementedError\n"
    if owner:
        return f"class {owner}:\n    def {method}{raising}"
    return f"class {method}:\n    def __init__{raising}"


@dataclass(frozen=True)
class CallTests:
    """Calls of a function or method, and what they return; values are compared as JSON knows them."""

    target: str
    """`f`, `Solution.f`, or alternatives `f|Solution.f`."""
    calls: tuple[tuple[Sequence[Any], Any], ...]
    """Arguments and expected value of each call."""
    shared: str = ""
    """Definitions that the program may rely on."""

    def program(self, text: str) -> str | None:
        """The last block that defines what is called."""
        return program_of(text, *_owners(self.target))

    def run(self, program: str, sandbox: Sandbox, seconds: float) -> Equivalence:
        """Whether a program passes within so many seconds for all of them."""
        found = each_call(sandbox, program, self.target, self.calls, seconds, shared=self.shared, exact=False)
        return all_passed(found, f"all {len(self.calls)} tests pass")


@dataclass(frozen=True)
class StreamTests:
    """What a program reads from standard input, and what it must print."""

    pairs: tuple[tuple[str, str], ...]
    """Input and expected output of each run."""

    def program(self, text: str) -> str | None:
        """The last block that is a Python program."""
        parts = text.split("```")
        blocks = [_untagged(body) for body in parts[1::2]] if len(parts) > 1 else [text]
        return next((block for block in reversed(blocks) if block.strip() and is_python(block)), None)

    def run(self, program: str, sandbox: Sandbox, seconds: float) -> Equivalence:
        """Whether a program passes within so many seconds for each run, up to the first that fails."""
        if not self.pairs:
            return undetermined("tests", "there are no tests to run")
        deadline = time.monotonic() + TOTAL * seconds
        doubt: Equivalence | None = None
        for number, (given, wanted) in enumerate(self.pairs, 1):
            if time.monotonic() > deadline:
                return undetermined("timeout", f"test {number} of {len(self.pairs)}: all together took too long")
            result = sandbox.run_job(Job(program, stdin=given, timeout_s=seconds))
            agree = same_output(result.stdout, wanted) if not result.truncated else None
            found = printed(result, f"test {number} of {len(self.pairs)}", agree)
            if found.status == "different" or found.rule == "timeout":
                return found
            if found.status == "undetermined" and doubt is None:
                doubt = found
        return same("tests", f"all {len(self.pairs)} outputs are right") if doubt is None else doubt


def _owners(target: str) -> list[str]:
    """The functions and classes by which a program is recognised."""
    return [name.partition(".")[0] for name in target.split("|")]


def _untagged(block: str) -> str:
    """A fenced block without the word after its fence."""
    first, _, rest = block.partition("\n")
    return rest if not first.strip() or first.strip().isidentifier() or first.strip()[-1].isdigit() else block


def is_python(text: str) -> bool:
    """Whether a text is a program in Python 3."""
    try:
        with warnings.catch_warnings(action="ignore"):
            return bool(ast.parse(text).body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


# --- outputs ---


def printed(result: Result, which: str, agree: bool | None) -> Equivalence:
    """What one run of a program shows whose output is right, wrong or neither."""
    if result.status != "ok":
        told = result.error or result.detail or result.status
        nothing = says_nothing(result.status, told, told.partition(":")[0])
        if nothing is None:
            return different("tests", f"{which}: {told}")
        return undetermined(result.status if result.status != "error" else "refused", f"{which}: {nothing}")
    if agree is None:
        return undetermined("output", f"{which}: the output is close to what is wanted, or too long to be compared")
    return same("tests", f"{which}: right") if agree else different("tests", f"{which}: another output than wanted")


def same_output(got: str, wanted: str) -> bool | None:
    """Line by line, spaces at their ends and numbers' last digits aside; None if only layout or case differ."""
    lines, others = _lines(got), _lines(wanted)
    if lines == others:
        return True
    words, wanted_words = got.split(), wanted.split()
    if len(words) != len(wanted_words):
        return False
    if all(_same_word(word, other) for word, other in zip(words, wanted_words, strict=True)):
        return True if [len(line.split()) for line in lines] == [len(line.split()) for line in others] else None
    return None if all(map(_alike, words, wanted_words)) else False


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


def _same_word(word: str, wanted: str) -> bool:
    """Equal as text, or close numbers if the wanted one has a decimal point."""
    if word == wanted:
        return True
    one, other = _number(word), _number(wanted)
    if "." not in wanted or one is None or other is None:
        return False
    return math.isclose(one, other, rel_tol=FLOAT_TOLERANCE, abs_tol=FLOAT_TOLERANCE)


def _alike(word: str, wanted: str) -> bool:
    """Whether a reader might take one for the other: another case, or another way to write the number."""
    number = _exact(word)
    return word.casefold() == wanted.casefold() or (number is not None and number == _exact(wanted))


def _exact(word: str) -> Decimal | None:
    """The number of a word to its last digit: as floats, two large integers that differ may be one."""
    try:
        number = Decimal(word)
    except ArithmeticError:
        return None
    return number if number.is_finite() else None


def _number(word: str) -> float | None:
    try:
        number = float(word)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
