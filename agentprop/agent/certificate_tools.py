"""A certificate's source → whether it computes its answer. Runs inside the sandbox, where the source is run again.

It imports nothing of agentprop. The skills that it is given note their calls here.
"""

import ast
import contextlib
import functools
import io
import random
import re

CALLED = []
"""Names of the skills called so far, each once."""
CONVERSIONS = {"int", "float", "str", "bool", "list", "tuple", "set", "frozenset", "dict", "Fraction", "Decimal"}
"""Calls that turn one literal into another."""
STEPS = (1, -1, 2, -2, 4, 6, 10)
"""What is added to a number; several, because a skill may refuse the first ones."""
MAX_VARIANTS = 40


def traced(name, function):
    """The function, which notes that it was called."""

    @functools.wraps(function)
    def call(*arguments, **named):
        if name not in CALLED:
            CALLED.append(name)
        return function(*arguments, **named)

    return call


def examine(source, numbers):
    """Whether the answer is a literal, the skill modules imported, the skills called, and whether a number matters."""
    tree = ast.parse(source)
    CALLED.clear()
    answer = _answer(tree)
    called = list(CALLED)
    depends = not numbers or any(
        other is not None and other != answer for other in map(_answer, _variants(source, {float(n) for n in numbers}))
    )
    return _is_literal(tree), _imported(tree), called, depends


def _answer(tree):
    """Text of the value that a program leaves in `answer`; None if it fails."""
    random.seed(0)
    names = {"__name__": "__main__"}
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(ast.fix_missing_locations(tree), "<certificate>", "exec"), names)
        return repr(names["answer"])
    except BaseException:
        return None


def _is_literal(tree):
    """True if nothing but literals is ever assigned to `answer`."""
    bound = {}
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=targets, value=value):
                pairs = [(target, value) for target in targets]
            case ast.AnnAssign(target=target, value=value) | ast.NamedExpr(target=target, value=value):
                pairs = [(target, value)]
            case ast.AugAssign(target=target) | ast.For(target=target) | ast.comprehension(target=target):
                pairs = [(target, None)]
            case _:
                continue
        for target, value in pairs:
            for name in (n.id for n in ast.walk(target) if isinstance(n, ast.Name)):
                bound.setdefault(name, []).append(value)
    return _all_literal(bound.get("answer", [None]), bound, 8)


def _all_literal(values, bound, depth):
    return depth > 0 and all(_literal(value, bound, depth) for value in values)


def _literal(node, bound, depth):
    match node:
        case ast.Constant():
            return True
        case ast.UnaryOp(operand=operand):
            return _literal(operand, bound, depth)
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts) | ast.JoinedStr(values=parts):
            return all(_literal(part, bound, depth) for part in parts)
        case ast.Dict(keys=keys, values=values):
            return all(_literal(part, bound, depth) for part in (*keys, *values))
        case ast.FormattedValue(value=value):
            return _literal(value, bound, depth)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            return name in CONVERSIONS and all(_literal(part, bound, depth) for part in arguments)
        case ast.Name(id=name):
            return name in bound and _all_literal(bound[name], bound, depth - 1)
        case _:
            return False


def _imported(tree):
    """Names of the modules of skills that are imported."""
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module="skills", names=names):
                found += [alias.name for alias in names]
            case ast.ImportFrom(module=str(module)) if module.startswith("skills."):
                found.append(module.removeprefix("skills."))
            case ast.Import(names=names):
                found += [a.name.removeprefix("skills.") for a in names if a.name.startswith("skills.")]
    return found


def _variants(source, numbers):
    """The program with one number of the statement changed everywhere, and without its assertions."""
    given = sorted({n for node in ast.walk(ast.parse(source)) for n in _numbers_of(node)} & numbers)
    pairs = [(number, step) for step in STEPS for number in given][:MAX_VARIANTS]
    for number, step in pairs:
        yield _Change(number, step).visit(ast.parse(source))


def _numbers_of(node):
    if not isinstance(node, ast.Constant) or isinstance(node.value, bool):
        return []
    if isinstance(node.value, str):
        return [float(text) for text in re.findall(r"\d+(?:\.\d+)?", node.value)]
    return [float(node.value)] if isinstance(node.value, (int, float)) and abs(node.value) < 1e300 else []


class _Change(ast.NodeTransformer):
    """One number is another one, in literals and in the digits of strings."""

    def __init__(self, number, step):
        self.number, self.step = number, step

    def visit_Assert(self, node):
        return ast.Pass()

    def visit_Constant(self, node):
        if self.number not in _numbers_of(node):
            return node
        return ast.Constant(self._text(node.value) if isinstance(node.value, str) else node.value + self.step)

    def _text(self, text):
        def other(found):
            changed = float(found[0]) == self.number
            return str((float if "." in found[0] else int)(found[0]) + self.step) if changed else found[0]

        return re.sub(r"\d+(?:\.\d+)?", other, text)
