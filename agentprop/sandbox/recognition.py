"""Tests as their authors wrote them → a plan that runs them as what they are, or why nobody could.

HumanEval's `def check(candidate)` and checkers of other names, MBPP's lists of assertions, scripts, unittest, pytest
functions and classes, interpreter sessions. Only the syntax is looked at; nothing is run.
"""

from __future__ import annotations

import ast
import builtins
import re
import sys
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace

from agentprop.sandbox.inside.pytest_shim import FIXTURES, MARKS, NAMES
from agentprop.sandbox.plans import TestPlan

CANDIDATE_NAMES = frozenset(
    ("candidate", "func", "function", "fn", "f", "solution", "solve", "program", "method", "sol")
)
"""Usual names of the parameter by which a checker takes the program's function."""
PROGRAM_MODULES = frozenset(
    (
        "solution",
        "solutions",
        "candidate",
        "main",
        "answer",
        "program",
        "submission",
        "your_module",
        "my_module",
        "module",
    )
)
"""Names by which tests import the program, if nothing else is called so."""
LIBRARIES = frozenset(("numpy", "sympy", "mpmath", "pandas", "scipy", "torch", "sklearn", "matplotlib", "networkx"))
ALIASES = {"np": "numpy", "pd": "pandas", "sp": "sympy"}
FAMILIAR = {
    **dict.fromkeys(("Counter", "OrderedDict", "defaultdict", "deque", "namedtuple"), "collections"),
    **dict.fromkeys(("Any", "Callable", "Dict", "Iterable", "List", "Optional", "Set", "Tuple", "Union"), "typing"),
    **dict.fromkeys(("isclose", "sqrt", "inf", "nan", "pi"), "math"),
    **dict.fromkeys(("date", "datetime", "timedelta"), "datetime"),
    **{"Decimal": "decimal", "Fraction": "fractions"},
}
"""Names that tests may take for granted because the reference program imports them."""
OUTSIDE = frozenset(("builtins.input", "sys.stdin", "sys.stdout"))
"""What tests may put something in the place of: programs reach these through the tests."""
ASSERTING = re.compile(r"(?:^|[._])(?:assert|check|verify|fail|expect|compare|test|raises|exit)\w*$", re.IGNORECASE)
"""Names of calls that may fail a test."""
REPAIRS = 20


class UnrecognisedTests(ValueError):
    """Tests that cannot be run as they are; the text says why."""


def plan_of(
    code: str | Sequence[str],
    name: str,
    *,
    target: str = "",
    setup: str = "",
    shared: str = "",
    asked: Sequence[str] = (),
) -> TestPlan:
    """The plan of one source, or of a list of them that are a test each. Raises UnrecognisedTests.

    `name` is what the tests call the program's function or class by, `target` what the program must define (`name`).
    Other functions of the program are for the tests to use only if the task asks for them too (`asked`) or the tests
    import them: a program must not bring along what its own results are compared with.
    """
    pieces = [code] if isinstance(code, str) else list(code)
    if all(re.search(r"^\s*>>> ", piece, re.MULTILINE) for piece in pieces) and pieces:
        plan = TestPlan("examples", _named(pieces, "examples"), target or name, expected=_labels(pieces, "examples"))
        return replace(_with_names(plan, name, _sessions(pieces), asked), setup=setup, shared=shared)
    texts = [tidied(piece) for piece in pieces]
    trees = [_parsed(text) for text in texts]
    if not any(tree.body for tree in trees):
        raise UnrecognisedTests("there are no tests")
    _supported(trees)
    if not any(_asserts(node) for tree in trees for node in ast.walk(tree)):
        raise UnrecognisedTests("the tests assert nothing")
    plan = _styled(texts, trees, name) if len(texts) == 1 else _scripts(texts)
    plan = replace(plan, target=target or name, setup=tidied(setup), shared=shared)
    return _with_names(plan, name, [*trees, _parsed(plan.setup)], asked)


def tidied(source: str) -> str:
    """The source with indentation that Python accepts: blocks that are moved to the right as a whole are moved back."""
    text = textwrap.dedent(source.replace("\r\n", "\n").replace("\r", "\n")).strip("\n") + "\n"
    text = re.sub(r"^(\s*from )\.+(?=\w)", r"\1", text, flags=re.MULTILINE)
    for _ in range(REPAIRS):
        try:
            with warnings.catch_warnings(action="ignore"):
                ast.parse(text)
            return text
        except IndentationError as problem:
            moved = _moved_back(text, problem.lineno or 0)
            if moved is None:
                return text
            text = moved
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return text
    return text


def _moved_back(text: str, number: int) -> str | None:
    """The text with the block that begins at a line moved to the left; None if it is at the margin."""
    lines = text.expandtabs(4).split("\n")
    if not 1 <= number <= len(lines):
        return None
    depth = len(lines[number - 1]) - len(lines[number - 1].lstrip())
    outer = next((_depth(line) for line in reversed(lines[: number - 1]) if line.strip()), 0)
    for position in range(number - 1, len(lines)):
        if lines[position].strip() and _depth(lines[position]) < depth:
            break
        lines[position] = lines[position][depth - min(outer, depth) or depth :]
    return "\n".join(lines) if depth else None


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _parsed(text: str) -> ast.Module:
    try:
        with warnings.catch_warnings(action="ignore"):  # the text may be anything; nobody wants to hear of its style
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
        raise UnrecognisedTests(f"the tests are not Python: {problem}") from None


def _named(pieces: Sequence[str], what: str) -> tuple[tuple[str, str], ...]:
    return tuple(zip(_labels(pieces, what), pieces, strict=True))


def _labels(pieces: Sequence[str], what: str) -> tuple[str, ...]:
    return (what,) if len(pieces) == 1 else tuple(f"{what} {number}" for number in range(1, len(pieces) + 1))


def _sessions(pieces: Sequence[str]) -> list[ast.Module]:
    """The statements of interpreter sessions, as far as they are Python."""
    found = []
    for line in re.findall(r"^\s*>>> (.*)$", "\n".join(pieces), re.MULTILINE):
        try:
            found.append(_parsed(line))
        except UnrecognisedTests:
            continue
    return found


# --- styles ---


def _scripts(texts: Sequence[str]) -> TestPlan:
    return TestPlan("script", _named(texts, "test"), "", expected=_labels(texts, "test"))


def _styled(texts: Sequence[str], trees: Sequence[ast.Module], name: str) -> TestPlan:
    """The plan of a single source by what it defines."""
    (tree,) = trees
    tests = tuple(_suite_tests(tree))
    called = {node.func.id for node in _top_calls(tree) if isinstance(node.func, ast.Name)}
    if tests and not set(tests) & called:
        _known_fixtures(tree)
        return TestPlan("suite", _named(texts, "tests"), "", expected=tests)
    checker = _checker(tree, called, name)
    if checker is not None:
        return TestPlan("check", _named(texts, "tests"), "", checker=checker, expected=(checker,))
    return _scripts(texts)


def _suite_tests(tree: ast.Module) -> Iterator[str]:
    """Names of the tests that unittest and pytest would find."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            yield node.name
        if isinstance(node, ast.ClassDef) and (_is_case(node) or node.name.startswith("Test")):
            methods = [part.name for part in node.body if isinstance(part, ast.FunctionDef)]
            yield from (f"{node.name}.{method}" for method in methods if method.startswith("test"))


def _is_case(node: ast.ClassDef) -> bool:
    return any("TestCase" in ast.unparse(base) for base in node.bases)


def _top_calls(tree: ast.Module) -> Iterator[ast.Call]:
    """Calls that happen when the source is run, those under `if __name__ == …` included."""
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from (part for part in ast.walk(node) if isinstance(part, ast.Call))


def _checker(tree: ast.Module, called: set[str], name: str) -> str | None:
    """The function that takes the program's function and tests it, unless the source calls it by itself."""
    found = [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name not in called and _takes_candidate(node, name)
    ]
    return "check" if "check" in found else found[-1] if found else None


def _takes_candidate(node: ast.FunctionDef, name: str) -> bool:
    positional = [*node.args.posonlyargs, *node.args.args]
    if not positional or len(positional) - len(node.args.defaults) > 1:
        return False
    return node.name == "check" or positional[0].arg in CANDIDATE_NAMES | {name}


# --- what is supported ---


def _supported(trees: Sequence[ast.Module]) -> None:
    """Raise UnrecognisedTests for what needs more than a program and plain tests."""
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.AsyncFunctionDef) and node.name.startswith("test"):
                raise UnrecognisedTests("asynchronous tests are not supported")
            if isinstance(node, ast.Attribute):
                _known_attribute(ast.unparse(node))
            if isinstance(node, ast.ImportFrom) and node.module == "pytest":
                for alias in node.names:
                    _known_attribute(f"pytest.{alias.name}")
            if isinstance(node, ast.Call) and re.search(r"(?:^|\.)patch(?:\.\w+)?$", ast.unparse(node.func)):
                _known_patch(node)


def _asserts(node: ast.AST) -> bool:
    """Whether a test can fail here: by an assertion, an exception, a value returned, or a call that asserts."""
    if isinstance(node, ast.Assert | ast.Raise) or (isinstance(node, ast.Return) and node.value is not None):
        return True
    return isinstance(node, ast.Call) and bool(ASSERTING.search(ast.unparse(node.func)))


def _is_fixture(node: ast.FunctionDef) -> bool:
    return any("fixture" in ast.unparse(decorator) for decorator in node.decorator_list)


def _known_fixtures(tree: ast.Module) -> None:
    fixtures = {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and _is_fixture(node)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test"):
            continue
        marks = " ".join(text for one in node.decorator_list if "parametrize" in (text := ast.unparse(one)))
        for parameter in (argument.arg for argument in node.args.args):
            if parameter not in fixtures | FIXTURES | {"self"} and not re.search(rf"\b{parameter}\b", marks):
                raise UnrecognisedTests(f"the fixture `{parameter}` of {node.name} is not supported")


def _known_attribute(text: str) -> None:
    found = re.match(r"pytest\.(?:mark\.)?(\w+)", text)
    if found and found[1] not in (MARKS | {"mark"} if text.startswith("pytest.mark.") else NAMES):
        raise UnrecognisedTests(f"`{found[0]}` is not supported")
    if text.endswith(("IsolatedAsyncioTestCase", "expectedFailure")):
        raise UnrecognisedTests(f"`{text}` is not supported")


def _known_patch(node: ast.Call) -> None:
    first = node.args[0] if node.args else None
    if not (isinstance(first, ast.Constant) and first.value in OUTSIDE):
        raise UnrecognisedTests(f"`{ast.unparse(node)[:80]}` changes what is in another process")


# --- names ---


def _with_names(plan: TestPlan, name: str, trees: Sequence[ast.Module], asked: Sequence[str]) -> TestPlan:
    """The plan with the names that the tests use and do not define, by where they come from."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    bound = {name for node in nodes for name in _bound(node)} | _defined(plan.shared)
    used = dict.fromkeys(node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))
    free = [one for one in used if one not in bound and not hasattr(builtins, one)]
    served, taken = _imports(nodes, name)
    if name not in used and "candidate" not in used and not plan.checker and not taken and not set(free) - {"pytest"}:
        raise UnrecognisedTests(f"the tests never name `{name}`" if name else "the tests name nothing of a program")
    own = (name, *asked)
    modules = {one: path for one in free if one not in own and (path := _module(one))}
    return replace(
        plan,
        name=name if name.isidentifier() else "",
        needs=tuple(one for one in free if (one[:1].isupper() or one in asked) and one not in (name, *modules)),
        classes=tuple(node.name for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)),
        modules=tuple(modules.items()),
        served=tuple(served),
    )


def _bound(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.FunctionDef() | ast.ClassDef() | ast.AsyncFunctionDef():
            yield node.name
        case ast.Name(ctx=ast.Store() | ast.Del()):
            yield node.id
        case ast.arg():
            yield node.arg
        case ast.Import() | ast.ImportFrom():
            yield from ((alias.asname or alias.name).partition(".")[0] for alias in node.names)
        case ast.ExceptHandler(name=str(name)):
            yield name


def _defined(source: str) -> set[str]:
    return {name for node in ast.walk(_parsed(source)) for name in _bound(node)} if source else set()


def _module(name: str) -> str | None:
    """Where a name is usually imported from."""
    if name in FAMILIAR:
        return f"{FAMILIAR[name]}:{name}"
    return ALIASES.get(name) or (name if name in sys.stdlib_module_names or name in LIBRARIES else None)


def _imports(nodes: Sequence[ast.AST], name: str) -> tuple[list[str], bool]:
    """Modules by whose names the tests import the program, and whether they do."""
    served: dict[str, None] = {}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module and _is_program(node.module):
            about = any(alias.name in (name, "*") for alias in node.names)
            served |= {node.module: None} if about or node.module in PROGRAM_MODULES else {}
        if isinstance(node, ast.Import):
            served |= dict.fromkeys(alias.name for alias in node.names if alias.name in PROGRAM_MODULES)
    return list(served), bool(served)


def _is_program(module: str) -> bool:
    return module not in sys.stdlib_module_names and module not in LIBRARIES | {"pytest"} and "." not in module


# --- the function asked for ---


def asked_name(code: str | Sequence[str], program: str = "") -> str | None:
    """The function or class that tests are about: one of the program that they name, else the first they call."""
    try:
        trees = [_parsed(tidied(_typed_in(piece))) for piece in ([code] if isinstance(code, str) else code)]
    except UnrecognisedTests:
        return None
    nodes = [node for tree in trees for node in ast.walk(tree)]
    bound = {name for node in nodes if not isinstance(node, ast.ImportFrom) for name in _bound(node)}
    asserted = [node for one in nodes if isinstance(one, ast.Assert) for node in ast.walk(one)]
    calls = [one.func.id for one in [*asserted, *nodes] if isinstance(one, ast.Call) and isinstance(one.func, ast.Name)]
    imported = [a.asname or a.name for node in nodes if isinstance(node, ast.ImportFrom) for a in _of_program(node)]
    wanted = [one for one in calls if one not in bound and not hasattr(builtins, one) and _module(one) is None]
    defined = re.findall(r"^(?:async )?(?:def|class) (\w+)", program, re.MULTILINE)
    return next((one for one in [*calls, *imported] if one in defined), next(iter([*imported, *wanted]), None))


def _typed_in(piece: str) -> str:
    """What is typed in in a session of the interpreter; any other code as it is."""
    lines = re.findall(r"^[ \t]*(?:>>>|\.\.\.) ?(.*)$", piece, re.MULTILINE)
    return "\n".join(lines) + "\n" if ">>> " in piece else piece


def _of_program(node: ast.ImportFrom) -> list[ast.alias]:
    return [alias for alias in node.names if alias.name != "*"] if _is_program(node.module or ".") else []
