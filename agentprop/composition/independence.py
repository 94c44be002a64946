"""The text of scripts/skill.py → the faults that show without running it: imports, forbidden names, dependence.

A check is evidence only if it computes the value independently, so nothing that it refers to may lead to `solve`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from agentprop.portable import parse_python
from agentprop.skills.shared import SHARED

ALLOWED_MODULES = frozenset({
    "__future__", "abc", "array", "base64", "binascii", "bisect", "calendar", "cmath", "collections", "copy",
    "dataclasses", "datetime", "decimal", "enum", "fractions", "functools", "hashlib", "heapq", "itertools", "json",
    "math", "numbers", "operator", "random", "re", "statistics", "string", "textwrap", "types", "typing",
    "unicodedata", "zlib",
})  # fmt: skip
"""Standard-library modules that compute and do nothing else."""
IMPORTABLE = ALLOWED_MODULES | SHARED.keys()
"""With agentprop's own, which do the same."""
FORBIDDEN_NAMES = frozenset({"eval", "exec", "compile", "open", "input", "breakpoint", "__import__", "globals"})


def script_faults(script: str, *, independent: bool) -> list[str]:
    """Find the faults of a script that parses; `independent` means that its check claims to be.

    Scripts lifted from a corpus make no such claim and may use any name: the sandbox contains them.
    """
    tree = parse_python(script)
    found = list(_import_faults(tree))
    if independent:
        found += [*_name_faults(tree), *_dependence(tree)]
    return [f"scripts/skill.py: {fault}" for fault in found]


def _import_faults(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for name in _imported(node):
                if name.partition(".")[0] not in IMPORTABLE:
                    yield f"line {node.lineno} imports {name}: only standard modules that compute may be imported"


def _imported(node: ast.Import | ast.ImportFrom) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return ["." * node.level + (node.module or "")]


def _name_faults(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in FORBIDDEN_NAMES:
            yield f"line {node.lineno} uses {node.id}: a script computes, and does nothing else"


def _dependence(tree: ast.Module) -> Iterator[str]:
    bindings = dict(_bindings(tree))
    for one, other in (("check", "solve"), ("solve", "check")):
        path = _path(bindings, one, other)
        if path:
            yield f"{one} leads to {other} ({' → '.join(path)}): the two must be independent"
    if _shape(bindings.get("solve")) == _shape(bindings.get("check")):
        yield "check repeats solve word for word: it must be another computation"


def _bindings(tree: ast.Module) -> Iterator[tuple[str, ast.stmt]]:
    """Top-level names and the statements that give them their meaning."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name, node
        elif not isinstance(node, ast.Import | ast.ImportFrom):
            for name in ast.walk(node):
                if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store):
                    yield name.id, node


def _path(bindings: dict[str, ast.stmt], start: str, goal: str) -> list[str]:
    """Chain of references from one top-level name to another; empty if there is none."""
    came_from: dict[str, str] = {}
    queue = [start]
    while queue:
        current = queue.pop(0)
        node = bindings.get(current)
        used = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} if node is not None else set()
        for name in sorted(used - came_from.keys() - {start}):
            came_from[name] = current
            queue.append(name)
    return _back(came_from, start, goal) if goal in came_from else []


def _back(came_from: dict[str, str], start: str, goal: str) -> list[str]:
    path = [goal]
    while path[0] != start:
        path.insert(0, came_from[path[0]])
    return path


def _shape(node: ast.stmt | None) -> str | None:
    """A function without its name, its docstring and its annotations."""
    if not isinstance(node, ast.FunctionDef):
        return None
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    names = ",".join(argument.arg for argument in node.args.args)
    return names + "".join(ast.dump(part) for part in body)
