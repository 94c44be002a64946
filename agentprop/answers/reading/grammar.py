"""The names, signs and binding powers that an answer may use: the whole white-list, as data."""

from __future__ import annotations

words = str.split

FUNCTIONS = {
    **{name: name for name in words(
        "sin cos tan cot sec csc sinh cosh tanh coth arcsin arccos arctan arccot arcsec arccsc arcsinh arccosh arctanh "
        "exp ln log abs floor ceil gcd lcm min max sqrt cbrt factorial binomial det sgn cis erf"
    )},
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "lg": "log10", "ceiling": "ceil", "comb": "binomial",
    "sign": "sgn", "tg": "tan", "ctg": "cot", "cosec": "csc", "arctg": "arctan", "Abs": "abs", "asinh": "arcsinh",
    "acosh": "arccosh", "atanh": "arctanh", "arsinh": "arcsinh", "arcosh": "arccosh", "artanh": "arctanh",
    "choose": "binomial", "binom": "binomial", "sech": "sech", "csch": "csch", "Re": "re", "Im": "im", "conj": "conj",
    "Log": "log",
}  # fmt: skip
NUMBER_FUNCTIONS = {"zeta": "zeta", "Gamma": "gamma"}
"""Greek letters that are functions of a number in brackets, and letters otherwise."""

CONSTANTS = {
    "pi": "pi", "e": "e", "i": "i", "infty": "inf", "infinity": "inf", "inf": "inf", "oo": "inf", "Infinity": "inf",
    "emptyset": "empty", "varnothing": "empty", "ldots": "ellipsis", "dots": "ellipsis", "cdots": "ellipsis",
    "dotsc": "ellipsis", "dotsb": "ellipsis", "vdots": "ellipsis", "imath": "i", "oslash": "empty",
}  # fmt: skip
GREEK = frozenset(words(
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi rho sigma tau "
    "upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell hbar varrho "
    "partial nabla jmath aleph varsigma varpi"
))  # fmt: skip
GREEK_VARIANTS = {
    "varepsilon": "epsilon", "varphi": "phi", "vartheta": "theta", "varrho": "rho", "varsigma": "sigma", "ell": "l",
}  # fmt: skip
"""Letters that are the same letter in another hand."""

DECORATIONS = {
    "bar": "bar", "overline": "bar", "hat": "hat", "widehat": "hat", "vec": "vec", "overrightarrow": "vec",
    "tilde": "tilde", "widetilde": "tilde", "dot": "dot", "ddot": "ddot", "mathcal": "", "mathscr": "", "mathfrak": "",
    "mathring": "ring", "underline": "", "overleftrightarrow": "line",
}  # fmt: skip
DOUBLE_STRUCK = {
    "R": "reals", "Z": "integers", "N": "naturals", "Q": "rationals", "C": "complexes",
    **dict.fromkeys(words("N_0 Z_>=0 Z_ge0 Z_geq0 N_>=0 N_ge0 N_geq0"), "naturals from 0"),
    **dict.fromkeys(words("Z^+ Z_+ Z_>0 Z_>=1 Z_ge1 Z_geq1 N^+ N_+ N^*"), "positive integers"),
}  # fmt: skip
POSITIVE_REALS = {**dict.fromkeys(words("R^+ R_+ R_>0"), False), **dict.fromkeys(words("R_>=0 R_ge0 R_geq0"), True)}
"""Names of half of the real line, and whether 0 is a part of it."""
RELATIONS = {
    "=": "=", "==": "=", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "=<": "<=", "!=": "!=", "<>": "!=",
    "\\le": "<=", "\\leq": "<=", "\\leqslant": "<=", "\\ge": ">=", "\\geq": ">=", "\\geqslant": ">=", "\\lt": "<",
    "\\gt": ">", "\\ne": "!=", "\\neq": "!=", "\\in": "in", "\\equiv": "~", "\\approx": "approx",
    "\\approxeq": "approx", "\\notin": "notin",
    "\\sim": "approx", "\\simeq": "approx", "\\doteq": "approx", "\\colon": ":", "in": "in", "\\coloneqq": "=",
    "equals": "=", "\\to": "to", "\\rightarrow": "to", "->": "to", "\\mapsto": "to", "\\longrightarrow": "to",
    "\\Rightarrow": "implies", "\\implies": "implies", "\\iff": "iff", "\\Leftrightarrow": "iff",
    "\\perp": "perp", "\\parallel": "parallel", "\\cong": "cong", "\\subset": "subset", "\\subseteq": "subset",
    "\\propto": "propto", "\\leftrightarrow": "pairs",
}  # fmt: skip
OPAQUE_RELATIONS = frozenset(words("to implies iff perp parallel cong subset propto pairs"))
"""Relations that are compared side by side and never solved."""

INFIX = {
    "\\cup": ("union", 14), "\\cap": ("intersection", 16), "\\setminus": ("minus", 15), "\\backslash": ("minus", 15),
    "mod": ("mod", 18), "\\bmod": ("mod", 18), "\\mod": ("mod", 18),
    "+": ("+", 20), "-": ("-", 20), "\\pm": ("pm", 20), "\\mp": ("mp", 20),
    "*": ("*", 30), "\\cdot": ("dot", 30), "\\times": ("times", 30), "\\ast": ("*", 30), "/": ("/", 30),
    "\\div": ("/", 30),
    "//": ("floordiv", 30), "^": ("^", 40), "**": ("^", 40), "choose": ("binomial", 19), "\\choose": ("binomial", 19),
    "U": ("union", 14), ":": ("ratio", 12), "\\bullet": ("dot", 30), "\\over": ("/", 19),
}  # fmt: skip
CLOSERS = frozenset(words(
    ") ] } \\} \\rangle \\rfloor \\rceil \\end , ; \\\\ & and or \\land \\wedge \\lor \\vee where for when if with "
    "\\rvert \\rVert \\qquad"
))  # fmt: skip
FRACTIONS = frozenset(("\\frac", "\\dfrac", "\\tfrac", "\\cfrac", "\\sfrac", "\\nicefrac"))
BINOMIALS = frozenset(("\\binom", "\\dbinom", "\\tbinom"))
BIG_OPERATORS = {"sum": "sum", "prod": "prod", "int": "integral", "bigcup": "bigunion"}
NAMES = FUNCTIONS.keys() | CONSTANTS.keys()
CURRENCY_SIGNS = {
    "$": "USD", "\\$": "USD", "\\EUR": "EUR", "\\GBP": "GBP", "\\JPY": "JPY", "\\INR": "INR", "\\KRW": "KRW",
    "\\RUB": "RUB", "\\PHP": "PHP", "\\VND": "VND", "\\THB": "THB", "\\TRY": "TRY", "\\ILS": "ILS", "\\NGN": "NGN",
    "\\BTC": "BTC", "\\euro": "EUR", "\\pounds": "GBP", "\\yen": "JPY", "\\USD": "USD",
}  # fmt: skip

MODULO = frozenset(("mod", "\\bmod", "\\mod"))
TIMES = ("*", "\\cdot", "\\times")
GIVEN = frozenset(("where", "for", "when", "if", "with"))
"""Words after which stand the conditions under which an answer holds."""

WHOLE = 11
"""Binding power of a complete value: between relations and set operations."""

SUM = 20
PRODUCT = 30
POWER = 40
