"""Programs run: their expressions are compiled over the kernel's functions and called with the question's numbers.

What is compiled was written by `program` out of a tree: names of the kernel, names of numerals, and literals. The text
of a corpus never becomes code. Steps are counted by the kernel, so a hard question ends the same way on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from agentprop.extraction.mining.question.kernel.limits import NotExact, TooLong, Undefined, fresh_steps

MODULES = (
    "limits",
    "exact",
    "functions",
    "forms",
    "roots",
    "systems",
    "plain",
    "search",
    "bounds",
    "residues",
    "divisors",
    "digits",
    "integers",
    "lists",
    "series",
    "polynomials",
    "plane",
    "counting",
    "matrices",
    "ranges",
    "texts",
    "symmetric",
    "answer",
    "calculus",
)
ROOM = "agentprop.extraction.mining.question.kernel"
FAILURES = (
    Undefined,
    NotExact,
    TooLong,
    ArithmeticError,
    ValueError,
    TypeError,
    RecursionError,
    MemoryError,
    AttributeError,
    LookupError,
)


class NotComputed(Exception):
    """A program has no value; `code` says whether there is none, none that is exact, or it takes too long."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@cache
def kernel() -> dict[str, Any]:
    """Every public name of the kernel's modules."""
    found: dict[str, Any] = {"Fraction": Fraction}
    for name in MODULES:
        module = import_module(f"{ROOM}.{name}")
        found |= {
            key: value
            for key, value in vars(module).items()
            if not key.startswith("_") and not isinstance(value, ModuleType)
        }
    return found


def compiled(expression: str, count: int) -> Callable[..., Any]:
    """The function of the numerals that an expression is."""
    parameters = ", ".join(f"n{slot}" for slot in range(count))
    code = compile(f"lambda {parameters}: {expression}", "<program>", "eval")
    function: Callable[..., Any] = eval(
        code, {**kernel(), "__builtins__": {"True": True, "False": False, "None": None, "float": float}}
    )
    return function


def call(function: Callable[..., Any], numbers: Sequence[Any]) -> Any:
    """The value for some numbers. Raises NotComputed."""
    fresh_steps()
    try:
        return function(*numbers)
    except Undefined as problem:
        raise NotComputed("undefined", str(problem)) from None
    except NotExact as problem:
        raise NotComputed("not-exact", str(problem)) from None
    except TooLong as problem:
        raise NotComputed("too-long", str(problem)) from None
    except FAILURES as problem:
        raise NotComputed("undefined", f"{type(problem).__name__}: {problem}") from None


def exact_number(text: str) -> Any:
    """A numeral's value."""
    value = Fraction(text if not text.startswith(".") else f"0{text}")
    return value.numerator if value.denominator == 1 else value
