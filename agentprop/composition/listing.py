"""The `solve` functions a term applies → one self-contained Python program.

Used for reference answers and for the listings of output-prediction problems. A function is sliced out of its script
with the imports and helpers it uses, and renamed; the slice is made from the syntax tree, nothing is executed.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Mapping, Set
from functools import lru_cache

from agentprop.composition.terms import Apply, Given, Route, Term, expression, skills
from agentprop.portable import parse_python
from agentprop.skills import Package
from agentprop.skills.values import Parameter, parse, render

_NAME, _PREFIX = "agentprop_name", "agentprop_prefix_"
"""Stand for the names in a slice that is made once for all of them."""


def sliced(script: str, name: str, prefix: str, root: str = "solve") -> tuple[tuple[str, ...], str]:
    """(import lines, definitions) of the function `root`, renamed to `name`, helpers to `<prefix><helper>`."""
    lines, text = _slice(script, root)
    return lines, text.replace(_NAME, name).replace(_PREFIX, prefix)


@lru_cache(maxsize=2048)
def _slice(script: str, root: str) -> tuple[tuple[str, ...], str]:
    tree = parse_python(script)
    defined: dict[str, ast.stmt] = {}
    imported: dict[str, ast.stmt] = {}
    for node in tree.body:
        for bound in _bound_names(node):
            (imported if isinstance(node, ast.Import | ast.ImportFrom) else defined)[bound] = node
    needed, queue = dict[str, None](), [root]
    while queue:
        current = queue.pop()
        if current in needed or current not in defined:
            continue
        needed[current] = None
        local = _local_names(defined[current], root)
        queue += [n.id for n in ast.walk(defined[current]) if isinstance(n, ast.Name) and n.id not in local]
    keep = [node for node in tree.body if any(b in needed for b in _bound_names(node))]
    used = {n.id for node in keep for n in ast.walk(node) if isinstance(n, ast.Name)}
    lines = tuple(dict.fromkeys(_import_line(imported[n], n) for n in imported if n in used))
    renames = {n: _NAME if n == root else f"{_PREFIX}{n.lstrip('_')}" for n in needed}
    return lines, "\n\n".join(
        ast.unparse(_Rename(renames, _local_names(n, root)).visit(_undocumented(n))) for n in keep
    )


def _local_names(node: ast.stmt, root: str) -> frozenset[str]:
    """Names that a definition binds itself, which are none of the script's.

    Of `solve` they are not looked for: stored listings were written without that, and are recognised to the letter.
    """
    if root == "solve" or not isinstance(node, ast.FunctionDef):
        return frozenset()
    inner = [n for n in ast.walk(node) if n is not node]
    arguments = {n.arg for n in inner if isinstance(n, ast.arg)}
    stored = {n.id for n in inner if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return frozenset(arguments | stored | {n.name for n in inner if isinstance(n, ast.FunctionDef)})


def listing(
    body: Term,
    library: Mapping[str, Package],
    *,
    entry: tuple[str, str] | None = None,
    route: Route = "solve",
    brute: Set[str] = frozenset(),
) -> str:
    """Write a program that prints the body's value, or with `entry=(function, parameter)` defines that function.

    Skills in `brute` are computed by `check`, whatever the route of the others.
    """
    names = {skill: f"f{number}" for number, skill in enumerate(reversed(skills(body)), 1)}
    lines: dict[str, None] = {}
    blocks: list[str] = []
    for skill, name in names.items():
        imports, text = sliced(library[skill].script or "", name, f"{name}_", "check" if skill in brute else route)
        lines |= dict.fromkeys(imports)
        blocks.append(text)
    call = expression(body, library, route)
    for skill, name in names.items():
        call = call.replace(f"{library[skill].module}.{route}(", f"{name}(")
    if entry is None:
        blocks.append(f"print({call})")
    else:
        blocks.append(f"def {entry[0]}({entry[1]}):\n    return {call}")
    head = "\n".join(sorted(lines))
    return "\n\n".join(([head] if head else []) + blocks)


def _bound_names(node: ast.stmt) -> list[str]:
    match node:
        case ast.Import() | ast.ImportFrom():
            return [(alias.asname or alias.name).split(".")[0] for alias in node.names]
        case ast.FunctionDef() | ast.ClassDef():
            return [node.name]
        case ast.Assign():
            return [t.id for t in node.targets if isinstance(t, ast.Name)]
        case ast.AnnAssign() if isinstance(node.target, ast.Name):
            return [node.target.id]
        case _:
            return []


def _import_line(node: ast.stmt, name: str) -> str:
    """The import of one name alone, so that the imports of several scripts can be merged."""
    if isinstance(node, ast.ImportFrom):
        alias = next(a for a in node.names if (a.asname or a.name) == name)
        return ast.unparse(ast.ImportFrom(node.module, [alias], node.level))
    assert isinstance(node, ast.Import)
    alias = next(a for a in node.names if (a.asname or a.name).split(".")[0] == name)
    return ast.unparse(ast.Import([alias]))


def _undocumented(node: ast.stmt) -> ast.stmt:
    """A definition without its docstring, which would tell a solver what the function does."""
    if (
        isinstance(node, ast.FunctionDef)
        and len(node.body) > 1
        and isinstance(node.body[0], ast.Expr)
        and isinstance(node.body[0].value, ast.Constant)
    ):
        node.body = node.body[1:]
    return node


class _Rename(ast.NodeTransformer):
    def __init__(self, names: Mapping[str, str], local: Set[str] = frozenset()) -> None:
        self.names = {old: new for old, new in names.items() if old not in local}

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.name = self.names.get(node.name, node.name)
        self.generic_visit(node)
        return node


# --- reading a listing back ---


def read_listing(text: str, library: Mapping[str, Package]) -> Term | None:
    """Read the term of a listing that prints a body; None if the text is no listing of these skills.

    The program is recognised by writing it again: every function must be, to the letter, the slice of a known skill.
    """
    try:
        with warnings.catch_warnings(action="ignore"):  # the text may be anything: no warnings about it
            tree = parse_python(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    last = tree.body[-1] if tree.body else None
    if not (isinstance(last, ast.Expr) and isinstance(last.value, ast.Call) and len(last.value.args) == 1):
        return None
    nodes = ast.walk(last.value.args[0])
    calls = [n.func.id for n in nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    taken = {node.name: {a.arg for a in (*node.args.args, *node.args.kwonlyargs)} for node in functions}
    known = {name: skill for name in calls if (skill := _recognise(text, name, taken.get(name, set()), library))}
    body = _term(last.value.args[0], known, library)
    return body if body is not None and listing(body, library) == text else None


def _recognise(text: str, name: str, parameters: Set[str], library: Mapping[str, Package]) -> str | None:
    """The skill of which a function of a listing is the slice; only skills whose parameters it takes are sliced."""
    alike = [s for s, package in library.items() if package.spec.parameters.keys() <= parameters]
    found = [s for s in alike if sliced(library[s].script or "", name, f"{name}_")[1] in text]
    return max(found, key=lambda s: len(library[s].script or ""), default=None)


def _term(node: ast.expr, known: Mapping[str, str], library: Mapping[str, Package]) -> Term | None:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in known):
        return None
    skill = known[node.func.id]
    arguments: list[tuple[str, Term]] = []
    for keyword in node.keywords:
        parameter = library[skill].spec.parameters.get(keyword.arg or "")
        if parameter is None:
            return None
        value = _term(keyword.value, known, library) or _given(parameter, keyword.value)
        if value is None:
            return None
        arguments.append((keyword.arg or "", value))
    return Apply(skill, tuple(arguments))


def _given(parameter: Parameter, node: ast.expr) -> Given | None:
    """The given of a literal; None if it is no value of the parameter's kind. The text may be anything."""
    try:
        value = ast.literal_eval(node)
        text = render(parameter, value)
        return Given(text) if parse(parameter, text) == value else None
    except (ValueError, TypeError, ArithmeticError, LookupError, RecursionError, MemoryError):
        return None
