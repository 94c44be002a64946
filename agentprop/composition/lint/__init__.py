"""A statement → its findings: what a problem setter would mend in its English, notation, form of answer and data.

Nothing is solved and no model is asked. What breaks a rule of severity *error* is wrong English, wrong notation or a
wrong promise, and the built-in proposer submits no such statement; a *warning* is a matter of style. To add a rule,
write a `Rule` and name it in `RULES`, or in another package as an entry point of `agentprop.statement_rules`.

    >>> [str(finding) for finding in findings(Draft("Find the $2$th term of a 8-term sequence."))]
    ['error ordinal: 2th is 2nd', 'error article: a 8 is an 8']
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from agentprop.composition.lint.rule import Draft, Finding, Rule
from agentprop.plugins import Registry

__all__ = ["RULES", "Draft", "Finding", "Rule", "errors", "findings"]

_HERE = "agentprop.composition.lint"

_OWN = {
    "ordinal": f"{_HERE}.numerals:ORDINAL",
    "one-of-many": f"{_HERE}.numerals:ONE_OF_MANY",
    "article": f"{_HERE}.numerals:ARTICLE",
    "mixed-numbers": f"{_HERE}.numerals:MIXED_NUMBERS",
    "stacked-clause": f"{_HERE}.sentences:STACKED_CLAUSE",
    "stacked-measures": f"{_HERE}.sentences:STACKED_MEASURES",
    "chain-of-of": f"{_HERE}.sentences:CHAIN_OF_OF",
    "long-sentence": f"{_HERE}.sentences:LONG_SENTENCE",
    "doubled-word": f"{_HERE}.sentences:DOUBLED_WORD",
    "spacing": f"{_HERE}.sentences:SPACING",
    "cliche": f"{_HERE}.sentences:CLICHE",
    "repeated-constant": f"{_HERE}.sentences:REPEATED_CONSTANT",
    "symbol-bound-twice": f"{_HERE}.formulas:SYMBOL_BOUND_TWICE",
    "unreduced-formula": f"{_HERE}.formulas:UNREDUCED_FORMULA",
    "spaced-product": f"{_HERE}.formulas:SPACED_PRODUCT",
    "odd-dollar": f"{_HERE}.formulas:ODD_DOLLAR",
    "fraction-promised": f"{_HERE}.answers:FRACTION_PROMISED",
    "figures-of-integer": f"{_HERE}.answers:FIGURES_OF_INTEGER",
    "hidden-figures": f"{_HERE}.answers:HIDDEN_FIGURES",
    "figures-of-ph": f"{_HERE}.answers:FIGURES_OF_PH",
    "idle-fallback": f"{_HERE}.answers:IDLE_FALLBACK",
    "answer-in-statement": f"{_HERE}.answers:ANSWER_IN_STATEMENT",
    "long-answer": f"{_HERE}.answers:LONG_ANSWER",
    "bolted-remainder": f"{_HERE}.terms:BOLTED_REMAINDER",
    "remainder-of-remainder": f"{_HERE}.terms:REMAINDER_OF_REMAINDER",
    "tuples-promised": f"{_HERE}.programs:TUPLES_PROMISED",
    "no-example": f"{_HERE}.programs:NO_EXAMPLE",
    "empty-input": f"{_HERE}.programs:EMPTY_INPUT",
    "uniform-results": f"{_HERE}.programs:UNIFORM_RESULTS",
}
RULES: Registry[Rule] = Registry("agentprop.statement_rules", "statement rule", _OWN)
"""Rules by name."""


def findings(draft: Draft, names: Sequence[str] | None = None) -> list[Finding]:
    """List what the rules find, in their order; None named means all of them. Raises ConfigError for an unknown one."""
    return _found(draft, _rules(tuple(RULES.names() if names is None else names)))


def errors(draft: Draft) -> list[Finding]:
    """List the errors that the rules of agentprop itself find."""
    return _found(draft, [(name, rule) for name, rule in _rules(OWN) if rule.severity == "error"])


OWN = tuple(_OWN)
"""The rules that come with agentprop: what a seed gives must not depend on what else is installed."""


@cache
def _rules(names: tuple[str, ...]) -> list[tuple[str, Rule]]:
    return [(name, RULES[name]) for name in names]


def _found(draft: Draft, rules: Sequence[tuple[str, Rule]]) -> list[Finding]:
    return [
        Finding(name, rule.severity, evidence) for name, rule in rules for evidence in dict.fromkeys(rule.find(draft))
    ]
