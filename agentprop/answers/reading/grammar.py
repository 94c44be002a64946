"""The names, signs and binding powers that an answer may use: the whole white-list, as data."""

from __future__ import annotations

words = str.split

FUNCTIONS = {
    **{name: name for name in words(
        "sin cos tan cot sec csc sinh cosh tanh coth arcsin arccos arctan arccot arcsec arccsc arcsinh arccosh arctanh "
        "exp ln log abs floor ceil gcd lcm min max sqrt cbrt factorial binomial det sgn"
    )},
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "lg": "log10", "ceiling": "ceil", "comb": "binomial",
    "sign": "sgn", "tg": "tan", "ctg": "cot", "cosec": "csc", "arctg": "arctan", "Abs": "abs", "asinh": "arcsinh",
    "acosh": "arccosh", "atanh": "arctanh", "arsinh": "arcsinh", "arcosh": "arccosh", "artanh": "arctanh",
    "choose": "binomial", "binom": "binomial",
}  # fmt: skip
CONSTANTS = {
    "pi": "pi", "e": "e", "i": "i", "infty": "inf", "infinity": "inf", "inf": "inf", "oo": "inf", "Infinity": "inf",
    "emptyset": "empty", "varnothing": "empty", "ldots": "ellipsis", "dots": "ellipsis", "cdots": "ellipsis",
    "dotsc": "ellipsis", "dotsb": "ellipsis", "vdots": "ellipsis",
}  # fmt: skip
GREEK = frozenset(words(
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi rho sigma tau "
    "upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell hbar"
))  # fmt: skip
DOUBLE_STRUCK = {"R": "reals", "Z": "integers", "N": "naturals", "Q": "rationals", "C": "complexes"}
RELATIONS = {
    "=": "=", "==": "=", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "=<": "<=", "!=": "!=", "<>": "!=",
    "\\le": "<=", "\\leq": "<=", "\\leqslant": "<=", "\\ge": ">=", "\\geq": ">=", "\\geqslant": ">=", "\\lt": "<",
    "\\gt": ">", "\\ne": "!=", "\\neq": "!=", "\\in": "in", "\\equiv": "~", "\\approx": "approx",
    "\\approxeq": "approx",
    "\\sim": "approx", "\\simeq": "approx", "\\to": "=", "\\colon": ":", "in": "in", "\\coloneqq": "=",
}  # fmt: skip
INFIX = {
    "\\cup": ("union", 14), "\\cap": ("intersection", 16), "\\setminus": ("minus", 15), "\\backslash": ("minus", 15),
    "mod": ("mod", 18), "\\bmod": ("mod", 18), "\\mod": ("mod", 18),
    "+": ("+", 20), "-": ("-", 20), "\\pm": ("pm", 20), "\\mp": ("mp", 20),
    "*": ("*", 30), "\\cdot": ("*", 30), "\\times": ("*", 30), "\\ast": ("*", 30), "/": ("/", 30), "\\div": ("/", 30),
    "//": ("floordiv", 30), "^": ("^", 40), "**": ("^", 40), "choose": ("binomial", 19), "\\choose": ("binomial", 19),
    "U": ("union", 14), ":": ("ratio", 12),
}  # fmt: skip
CLOSERS = frozenset(words(") ] } \\} \\rangle \\rfloor \\rceil \\end , ; \\\\ & and or"))
FRACTIONS = frozenset(("\\frac", "\\dfrac", "\\tfrac", "\\cfrac", "\\sfrac"))
BINOMIALS = frozenset(("\\binom", "\\dbinom", "\\tbinom"))
NAMES = FUNCTIONS.keys() | CONSTANTS.keys()

MODULO = frozenset(("mod", "\\bmod", "\\mod"))
TIMES = ("*", "\\cdot", "\\times")

WHOLE = 11
"""Binding power of a complete value: between relations and set operations."""

SUM = 20
PRODUCT = 30
POWER = 40
