"""A program → the same program that counts its steps in ticks, and stops when it has used too many.

A tick is one turn of a loop or comprehension, or one call of a function of the program. A built-in that walks through
data in C is charged a sixteenth of a tick for each element, after the call, and never for more than it must have done:
`find` for the letters up to the place found, not for the whole text. So the count is the same on every machine and
under every load, and a program of the right complexity is not taken for a slow one. What no tick can see (the digits of
large integers, regular expressions) is left to the limit of processor time.

    >>> meter = Meter(limit=1000)
    >>> exec(meter.compile("total = 0\\nfor n in range(5):\\n    total += n", "<sum>"), space := meter.namespace())
    >>> space["total"], meter.used
    (10, 5)

Ours; the rule is the one of judges that count instructions.
"""

from __future__ import annotations

import ast
import bisect
import builtins
import collections
import heapq
from collections.abc import Callable, Iterable
from functools import lru_cache
from types import CodeType
from typing import Any

SHARE = 4
"""An element that a built-in walks over costs 2 ** -SHARE ticks."""
ELEMENTS = 1 << SHARE
TURN, CALL, METHOD, MEMBER, SLICE = HOOKS = "turn", "call", "method", "member", "slice"
"""Functions that a counting program calls."""
WALKED = (list, tuple, str, bytes, bytearray, set, frozenset, dict, range, collections.deque)
INDEXED = (list, tuple, str, bytes, bytearray)


class OutOfTicks(BaseException):
    """The program has used all its ticks. Not an Exception, which a program would catch in good faith."""


# --- what built-ins cost, in elements ---


def _size(value: object) -> int:
    return len(value) if type(value) in WALKED else 0  # type: ignore[arg-type]


def _of_result(result: object, *_: object, **__: object) -> int:
    return _size(result)


def _of_sorting(result: Any, *_: object, **__: object) -> int:
    return 2 * _size(result)


def _of_argument(result: object, first: object = None, *_: object, **__: object) -> int:
    return _size(first)


def _of_heap(result: object, heap: object = None, *_: object, **__: object) -> int:
    """Steps down a heap, or of a binary search: each compares twice, and in C, so four are a tick."""
    return ELEMENTS * (_size(heap).bit_length() // 4 + 1)


FUNCTIONS: dict[Any, Callable[..., int]] = {
    **dict.fromkeys((list, tuple, set, frozenset, dict, reversed, collections.Counter, collections.deque), _of_result),
    **dict.fromkeys((sum, min, max, collections.Counter), _of_argument),
    sorted: _of_sorting,
    heapq.heapify: _of_argument,
    **dict.fromkeys((heapq.heappush, heapq.heappop, heapq.heappushpop, heapq.heapreplace), _of_heap),
    **dict.fromkeys((bisect.bisect, bisect.bisect_left, bisect.bisect_right), _of_heap),
    **dict.fromkeys((bisect.insort, bisect.insort_left, bisect.insort_right), _of_heap),
}
"""Functions and what a call costs, given its result and arguments."""
BUILTIN = frozenset(
    name for name, value in vars(builtins).items() if isinstance(value, type | type(len)) and value in FUNCTIONS
)
"""Names of built-in functions that are charged."""


def _found(result: Any, walked: Any, what: object = None, start: object = 0, *_: object) -> int:
    """Elements from the start of a search to the place found, or to the end."""
    first = start if type(start) is int and start >= 0 else 0
    return max(0, (result if result >= 0 else len(walked)) - first)


def _counted(result: object, walked: Any, what: object = None, start: object = 0, *_: object) -> int:
    return max(0, len(walked) - (start if type(start) is int and start >= 0 else 0))


def _whole(result: object, walked: Any, *_: object, **__: object) -> int:
    return len(walked)


def _moved(result: object, walked: Any, place: object = -1, *_: object) -> int:
    """Elements behind a place, which move when one is put in or taken out there."""
    at_place = type(walked) is list and type(place) is int and place >= 0
    return max(0, len(walked) - place) if at_place else 0  # type: ignore[operator]


def _written(result: object, *_: object, **__: object) -> int:
    return _size(result)


def _added(result: object, walked: object, *others: object, **__: object) -> int:
    return sum(map(_size, others))


METHODS: dict[str, Callable[..., int]] = {
    **dict.fromkeys(("find", "index"), _found),
    "count": _counted,
    **dict.fromkeys(("replace", "copy", "split", "splitlines", "sort", "reverse", "lower", "upper"), _whole),
    **dict.fromkeys(("insert", "pop"), _moved),
    **dict.fromkeys(("join", "union", "intersection", "difference"), _written),
    **dict.fromkeys(("extend", "update"), _added),
}  # fmt: skip
"""Methods of walked types and what a call costs, given its result, its object and its arguments."""


# --- counting ---


class Meter:
    """The ticks of one program, up to a limit."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self._names: dict[str, str] = {name: name for name in HOOKS}

    @property
    def over(self) -> bool:
        """True if the limit was exceeded, whatever the program made of it."""
        return self.used > self.limit

    def restart(self) -> None:
        """Count from 0 again."""
        self.used = 0

    def compile(self, source: str, filename: str) -> CodeType:
        """Compile a program that counts. Raises SyntaxError, also for one that is too deep for the compiler."""
        self._names = _unused_names(source)
        return _compiled(source, filename)

    def namespace(self) -> dict[str, Any]:
        """The functions that the compiled program calls, by the names it knows them under."""
        hooks = {TURN: self._turn, CALL: self._call, METHOD: self._method, MEMBER: self._member, SLICE: self._slice}
        return {self._names[name]: hook for name, hook in hooks.items()}

    def _turn(self) -> bool:
        self.used += 1
        if self.used > self.limit:
            raise OutOfTicks(f"more than {self.limit} ticks")
        return True

    def _charge(self, elements: int) -> None:
        self.used += elements >> SHARE
        if self.used > self.limit:
            raise OutOfTicks(f"more than {self.limit} ticks")

    def _call(self, function: Any, *arguments: Any, **named: Any) -> Any:
        result = function(*arguments, **named)
        try:
            cost = FUNCTIONS.get(function)
        except TypeError:  # a callable that cannot be hashed
            return result
        if cost is not None:
            self._charge(cost(result, *arguments, **named))
        return result

    def _method(self, owner: Any, name: str, *arguments: Any, **named: Any) -> Any:
        function = getattr(owner, name)
        if type(owner) not in WALKED:
            return self._call(function, *arguments, **named)  # perhaps a module: heapq.heappush
        before = len(owner)
        result = function(*arguments, **named)
        self._charge(METHODS[name](result, owner, *arguments, **named) if before or name == "join" else 0)
        return result

    def _member(self, item: Any, owner: Any) -> bool:
        found = item in owner
        if type(owner) in INDEXED:
            self._charge(owner.index(item) if found else len(owner))
        return found

    def _slice(self, value: Any) -> Any:
        if type(value) in INDEXED:
            self._charge(len(value))
        return value


@lru_cache(maxsize=8)  # a program is run on its tests one by one
def _compiled(source: str, filename: str) -> CodeType:
    try:
        tree = ast.parse(source, filename)
        tree = _Counting(_unused_names(source), _imported(tree)).visit(tree)
        return compile(tree, filename, "exec", dont_inherit=True)
    except (MemoryError, RecursionError):
        raise SyntaxError("too complex to compile") from None


def _unused_names(source: str) -> dict[str, str]:
    """Names for the hooks that the source does not use."""
    tail = "_tick"
    while tail in source:
        tail += "_"
    return {name: f"{name}{tail}" for name in HOOKS}


def _imported(tree: ast.AST) -> frozenset[str]:
    """Names of functions that a program imports by themselves; only statements are looked through."""
    names, statements = set[str](), [tree]
    for node in statements:
        if isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
        for part in ("body", "orelse", "finalbody", "handlers", "cases"):
            inner = getattr(node, part, None)
            statements += inner if isinstance(inner, list) else []
    return frozenset(names)


_MODULE_FUNCTIONS = frozenset(function.__name__ for function in FUNCTIONS)


class _Counting(ast.NodeTransformer):
    """Puts the hooks into a program; each stands where what it counts does."""

    def __init__(self, names: dict[str, str], imported: Iterable[str]) -> None:
        self._names = names
        self._functions = BUILTIN | frozenset(imported)

    def _hook(self, at: Any, name: str, *arguments: ast.expr) -> ast.Call:
        function = ast.copy_location(ast.Name(self._names[name], ast.Load()), at)
        return ast.copy_location(ast.Call(function, list(arguments), []), at)

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return node

    def _data(self, node: Any) -> Any:
        """Data written into a program have nothing to count, and may be long."""
        return node if all(isinstance(one, ast.Constant) for one in node.elts) else self.generic_visit(node)

    visit_List = visit_Tuple = visit_Set = _data

    def _counted_body(self, node: Any) -> Any:
        self.generic_visit(node)
        told = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(node, False) is not None
        first = node.body[0]
        node.body.insert(1 if told else 0, ast.copy_location(ast.Expr(self._hook(first, TURN)), first))
        return node

    visit_For = visit_AsyncFor = visit_While = visit_FunctionDef = visit_AsyncFunctionDef = _counted_body

    def visit_Lambda(self, node: ast.Lambda) -> ast.Lambda:
        self.generic_visit(node)
        node.body = ast.copy_location(ast.BoolOp(ast.And(), [self._hook(node, TURN), node.body]), node)
        return node

    def _counted_turns(self, node: Any) -> Any:
        self.generic_visit(node)
        for generator in node.generators:
            generator.ifs.insert(0, self._hook(node, TURN))
        return node

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _counted_turns

    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        match node.func:
            case ast.Name(id=name) if name in self._functions:
                head: list[ast.expr] = [node.func]
                hook = CALL
            case ast.Attribute(value=owner, attr=name) if name in METHODS or name in _MODULE_FUNCTIONS:
                head, hook = [owner, ast.copy_location(ast.Constant(name), node)], METHOD
            case _:
                return node
        called = self._hook(node, hook, *head, *node.args)
        called.keywords = node.keywords
        return called

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        if len(node.ops) > 1 or not isinstance(node.ops[0], ast.In | ast.NotIn):
            return node
        found = self._hook(node, MEMBER, node.left, node.comparators[0])
        return ast.copy_location(ast.UnaryOp(ast.Not(), found), node) if isinstance(node.ops[0], ast.NotIn) else found

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        self.generic_visit(node)
        if isinstance(node.slice, ast.Slice) and isinstance(node.ctx, ast.Load):
            return self._hook(node, SLICE, node)
        return node
