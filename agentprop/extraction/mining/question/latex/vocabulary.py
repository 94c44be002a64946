"""What names and signs of a formula mean: to everybody, and in the question at hand."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

TRIGONOMETRIC = ("sin", "cos", "tan", "cot", "sec", "csc")
INVERSES = ("arcsin", "arccos", "arctan", "arccot")
FUNCTIONS = frozenset((*TRIGONOMETRIC, *INVERSES, "sinh", "cosh", "tanh", "ln", "log", "lg", "exp", "cis", "Re", "Im"))
LISTED = frozenset({"gcd", "lcm", "max", "min"})
"""Functions of several numbers in brackets."""
GREEK = frozenset({
    "alpha", "beta", "gamma", "delta", "theta", "phi", "omega", "lambda", "mu", "rho", "sigma", "tau", "epsilon", "psi",
    "eta", "zeta", "xi", "kappa", "ell", "Gamma", "Phi", "Omega", "Theta", "Psi", "nu", "chi", "Lambda",
})  # fmt: skip
RELATIONS = {"=": "=", "<": "<", ">": ">", "lt": "<", "gt": ">", "le": "<=", "ge": ">=", "ne": "!=", "equiv": "cong"}
OPERATORS = frozenset({
    "*", "star", "#", "@", "diamond", "oplus", "otimes", "clubsuit", "spadesuit", "heartsuit", "bigstar", "odot",
    "triangle", "dagger", "nabla", "&", "diamondsuit", "circledast", "bowtie", "lozenge", "Box", "square", "S",
    "ddagger", "ominus", "circ", "bullet", "Delta", "?", "sharp", "bigtriangleup", "triangledown", "Join", "Psi",
    "bigtriangledown", "triangleleft", "triangleright", "boxtimes", "boxplus", "Diamond", "wedge", "vee",
})  # fmt: skip
"""Signs that a question may define as an operation of its own."""
NEVER_PRODUCTS = frozenset("fghFGHPQpq")
"""Letters that mean a function before a bracket, whether the question defines it or not."""
FACTORS = frozenset({
    "frac", "sqrt", "pi", "binom", "lfloor", "lceil", "{", "sum", "prod", "infty", "det", "overline", "gcd", "lcm",
    "lim", "int", "root", "max", "min",
})  # fmt: skip
"""Commands that begin a factor."""


@dataclass
class Names:
    """What the question says its letters and signs are."""

    functions: Collection[str] = ()
    """Letters that are functions."""
    operators: Collection[str] = ()
    """Signs that are operations."""
