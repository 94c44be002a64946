"""The text of a script → whether it can do nothing but compute, whatever it is called with.

Such a script may share a process with others: it has no way to a file, a descriptor, a module, an object's insides or
any name it did not make itself. Only a small part of Python is let through, and everything else is refused: what is
missing here costs a script a process of its own, and nothing more.

>>> can_only_compute("from fractions import Fraction\\ndef solve(a: int):\\n    return Fraction(a) / 2 + 1\\n")
True
>>> can_only_compute("def solve(a):\\n    return a.__class__\\n")
False
"""

from __future__ import annotations

import ast
import builtins
import itertools
import math
from collections.abc import Iterator, Mapping

from agentprop.skills.shared import SHARED

MATH = frozenset(name for name in dir(math) if not name.startswith("_"))
IMPORTED: Mapping[str, frozenset[str]] = {
    "__future__": frozenset({"annotations"}),
    "fractions": frozenset({"Fraction"}),
    "itertools": frozenset(name for name in dir(itertools) if not name.startswith("_")),
    "math": MATH,
    **SHARED,
}
"""Module → what may be imported from it by name; of these `math` may be imported whole."""
BUILTINS = frozenset({
    "abs", "all", "any", "bool", "dict", "divmod", "enumerate", "filter", "float", "frozenset", "int", "isinstance",
    "len", "list", "map", "max", "min", "pow", "range", "reversed", "round", "set", "sorted", "str", "sum", "tuple",
    "zip", "ArithmeticError", "IndexError", "KeyError", "OverflowError", "TypeError", "ValueError", "ZeroDivisionError",
})  # fmt: skip
"""Built-in names that lead nowhere."""
OTHER_BUILTINS = frozenset(dir(builtins)) - BUILTINS
METHODS = frozenset({
    "add", "append", "bit_count", "bit_length", "clear", "copy", "count", "difference", "discard", "endswith", "extend",
    "find", "get", "index", "insert", "intersection", "is_integer", "isalpha", "isdigit", "issubset", "items", "join",
    "keys", "limit_denominator", "lower", "pop", "remove", "replace", "reverse", "rjust", "setdefault", "sort", "split",
    "startswith", "strip", "swapcase", "union", "update", "upper", "values", "zfill",
})  # fmt: skip
"""Methods of numbers, texts and containers; not `format`, whose text may name any attribute."""
ATTRIBUTES = METHODS | MATH | {"numerator", "denominator"}
"""What may follow a dot. None of them leads out of a plain value, whatever it is asked of."""
STATEMENTS = (
    ast.Module, ast.FunctionDef, ast.arguments, ast.arg, ast.Return, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.If,
    ast.For, ast.While, ast.Break, ast.Continue, ast.Pass, ast.Raise, ast.Assert, ast.Expr, ast.Try, ast.ExceptHandler,
    ast.Import, ast.ImportFrom, ast.alias,
)  # fmt: skip
EXPRESSIONS = (
    ast.BoolOp, ast.BinOp, ast.UnaryOp, ast.Compare, ast.IfExp, ast.Call, ast.keyword, ast.Starred, ast.Constant,
    ast.Name, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp,
    ast.comprehension, ast.Subscript, ast.Slice, ast.Lambda, ast.NamedExpr, ast.JoinedStr, ast.FormattedValue,
    ast.Attribute, ast.operator, ast.boolop, ast.unaryop, ast.cmpop, ast.expr_context,
)  # fmt: skip


def can_only_compute(script: str) -> bool:
    """Whether every part of the script is one of those that are let through."""
    try:
        nodes = list(ast.walk(ast.parse(script)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    known = all(isinstance(node, (*STATEMENTS, *EXPRESSIONS)) and _is_plain(node) for node in nodes)
    return known and _names_fit(nodes)


def _is_plain(node: ast.AST) -> bool:
    match node:
        case ast.FunctionDef():
            return not node.decorator_list
        case ast.Import():
            return all(alias.name == "math" and alias.asname is None for alias in node.names)
        case ast.ImportFrom():
            known = IMPORTED.get(node.module or "", frozenset()) if node.level == 0 else frozenset()
            return all(alias.name in known for alias in node.names)
        case ast.Attribute():
            return node.attr in ATTRIBUTES and isinstance(node.ctx, ast.Load)
        case ast.Call():
            return isinstance(node.func, ast.Name | ast.Attribute)
    return True


def _names_fit(nodes: list[ast.AST]) -> bool:
    """No name is private, and none of a dangerous built-in is even bound: another function could mean the original."""
    used = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    made = set(_made(nodes))
    return (
        used <= made | BUILTINS
        and not (used | made) & OTHER_BUILTINS
        and not any(name.startswith("_") for name in used | made)
    )


def _made(nodes: list[ast.AST]) -> Iterator[str]:
    """The names that the script binds."""
    for node in nodes:
        match node:
            case ast.Name(ctx=ast.Store() | ast.Del()):
                yield node.id
            case ast.FunctionDef() | ast.ExceptHandler() if node.name:
                yield node.name
            case ast.arg():
                yield node.arg
            case ast.ImportFrom(module="__future__"):
                continue
            case ast.Import() | ast.ImportFrom():
                yield from (alias.asname or alias.name for alias in node.names)
