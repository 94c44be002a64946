"""A block → the arguments of the functions that it calls: one way for tags and for calls.

Block("edit", "Remove `toy_double`: too easy")   →   [("edit", {"edit": "prune", "skill": "toy-double", …})]
Block("exec", '# look\\nprint(read_skill("a"))')   →   [("exec", {"code": 'read_skill("a")'})]
"""

from __future__ import annotations

import ast
import copy
import json
import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from agentprop.agent.reading.blocks import Block
from agentprop.agent.reading.call_texts import calls_of_json
from agentprop.agent.reading.labels import labelled
from agentprop.agent.reading.lenient_json import lenient_json
from agentprop.agent.reading.mending import mend_code, without_outer_fence
from agentprop.agent.reading.names import kind_of, plain_name
from agentprop.agent.reading.submission import SECTIONS, mend_submission, other_sections, sections_of
from agentprop.records.action_text import Malformed

Call = tuple[str, dict[str, Any]]
MAIN = {"think": "text", "exec": "code"}
"""The one argument of a function that has only one."""
NAMES = {
    "think": frozenset({"text"}),
    "exec": frozenset({"code"}),
    "edit": frozenset({"edit", "skill", "replacement", "reason"}),
    "submit": frozenset({"statement", "answer", "answer_type", "unit", "figures", "certificate", "tests"}),
}
OTHER_NAMES = {
    "think": dict.fromkeys(("thought", "thoughts", "reflection", "reasoning", "analysis", "plan", "content"), "text"),
    "exec": dict.fromkeys(("python_code", "script", "source", "python", "program", "snippet", "input"), "code")
    | dict.fromkeys(("cmd", "command", "content"), "code"),
    "edit": {"action": "edit", "operation": "edit", "op": "edit", "type": "edit", "command": "edit"}
    | dict.fromkeys(("name", "skill_name", "old", "old_skill", "skills"), "skill")
    | dict.fromkeys(("new", "new_skill", "with"), "replacement")
    | dict.fromkeys(("why", "rationale", "explanation", "justification"), "reason"),
    "submit": SECTIONS | {"type": "answer_type"},
}
"""What models call an argument, and its name."""
LINES = frozenset({"text", "code", "statement", "certificate", "skill"})
"""Arguments that may come as a list of lines."""
VERBS = {
    **dict.fromkeys(("prune", "remove", "drop", "delete", "pruned"), "prune"),
    **dict.fromkeys(("add", "include", "insert"), "add"),
    **dict.fromkeys(("replace", "swap", "exchange", "substitute"), "replace"),
}
EDIT = re.compile(
    rf"(?i)[-*\s]*(?P<verb>{'|'.join(VERBS)})\s*:?\s+(?:the\s+)?(?:skill\s+)?[`\"'*]*(?P<skill>[\w-]+)[`\"'*]*"
    r"(?:\s*(?:with|by|for|->|→|=>)\s*(?:the\s+)?(?:skill\s+)?[`\"'*]*(?P<new>[\w-]+)[`\"'*]*)?[\s,.:;–—-]*(?P<why>.*)"
)
PAIR = re.compile(r"(?s)<(\w+)>\s*(.*?)\s*</\1>")
WHY = re.compile(r"(?i)\A(?:(?:the[ \t]+)?(?:reason|rationale|why|justification)[*_]*[ \t]*[:–—-][*_]*\s*)")
"""A label before a reason."""
VERB = re.compile(rf"(?i)\b(?:{'|'.join(VERBS)})\b")
STRICT_EDIT = re.compile(r"(prune|add|replace) ([a-z0-9-]+)(?: with ([a-z0-9-]+))?")
READ = "read_skill"
READS = (READ, "read_script")
"""What shows a skill if it stands alone in an exec block."""


def calls_of(block: Block) -> tuple[list[Call], tuple[str, ...]]:
    """(function and arguments of each action of a block, repairs). Raises Malformed if it cannot be read."""
    if block.call:
        return _of_call(block.kind, block.body)
    inner, fenced = without_outer_fence(block.body)
    if inner.lstrip().startswith("{") and block.kind != "think":
        found = _arguments(block.kind, inner)
        if found is not None and NAMES[block.kind] & _renamed(block.kind, found).keys():
            calls, repairs = _mended(block.kind, found)
            return calls, (*fenced, "json", *repairs)
    match block.kind:
        case "think":
            return [("think", {"text": block.body})], ()
        case "exec":
            code = f'{READ}("{block.body.strip()}")' if block.word == READ else block.body
            return _execs(code)
        case "edit":
            body = block.body if block.word not in VERBS else f"{block.word} {block.body.strip()}"
            return _edits(body)
        case _:
            sections, names = sections_of(inner)
            if not {"statement", "answer"} <= sections.keys():
                sections, names = other_sections(inner)
            calls, repairs = _mended("submit", sections)
            return calls, (*fenced, *names, *repairs)


def _arguments(kind: str, text: str) -> dict[str, Any] | None:
    try:
        found = _first_of(text, _json, _literal, lenient_json)
    except ValueError:
        return None
    if not isinstance(found, dict):
        return None
    nested = calls_of_json(text)
    return _object(kind, nested[0].arguments)[0] if nested and nested[0].name == kind else found


# --- calls ---


def _of_call(name: str, arguments: str) -> tuple[list[Call], tuple[str, ...]]:
    """Raises Malformed if there is no such function, or its arguments are no JSON object."""
    kind = kind_of(name)
    if kind is None:
        return [(name, {"#": arguments})], ()
    found, repairs = _object(kind, arguments)
    if "\\r\\n" in arguments or "\r\n" in arguments:
        found = {key: one.replace("\r\n", "\n") if isinstance(one, str) else one for key, one in found.items()}
        repairs = (*repairs, "line ends")
    names = list(repairs) if kind == name else [*repairs, "function"]
    if plain_name(name) == READ:
        found = {"code": f"{READ}({json.dumps(str(next(iter(found.values()), '')))})"}
    verb = plain_name(name).partition("_")[0]
    if kind == "edit" and verb in VERBS:
        found = {"edit": verb, **found}
    calls, more = _mended(kind, found)
    return calls, (*names, *more)


def _object(kind: str, text: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The arguments of a call: JSON, JSON in a string, a Python literal, or code alone. Raises Malformed."""
    bare, names = without_outer_fence(text)
    for load, repairs in ((_json, ()), (_literal, ("json",)), (_repeated, ("json",)), (lenient_json, ("json",))):
        try:
            found = _unwrapped(kind, load(bare))
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
        if found is not None:
            return found[0], (*names, *repairs, *found[1])
    if kind in MAIN and re.search(r"\w", bare) and not re.match(r"\s*(?:[{\[]|null\s*\Z)", bare):
        return {MAIN[kind]: bare}, (*names, "json")
    if kind == "edit" and (edit := _edit_line(bare.strip().partition("\n")[0].strip('"'))) is not None:
        fields = _edit_fields(edit)
        return {**fields, "reason": fields["reason"] or bare.strip().partition("\n")[2]}, (*names, "json")
    raise Malformed(f"the arguments of {kind} are not a JSON object", kind="call", example="")


def _unwrapped(kind: str, found: Any) -> tuple[dict[str, Any], tuple[str, ...]] | None:
    """The arguments inside a string or inside an object that only holds them; None if there are none."""
    if isinstance(found, str):
        inner = found.strip().startswith("{")
        return (
            (_object(kind, found)[0], ("json",))
            if inner
            else ({MAIN[kind]: found}, ("json",))
            if kind in MAIN
            else None
        )
    if not isinstance(found, dict):
        return None
    only = next(iter(found.values())) if len(found) == 1 else None
    if isinstance(only, str) and only.lstrip().startswith("{") and not _renamed(kind, found).keys() & NAMES[kind]:
        return _object(kind, only)[0], ("json",)
    if isinstance(only, dict) and not NAMES[kind] & found.keys():
        return only, ("json",)  # {"arguments": {…}}, {"input": {…}}
    return found, ()


def _json(text: str) -> Any:
    return json.loads(text, strict=False)


def _literal(text: str) -> Any:
    with warnings.catch_warnings(action="ignore"):
        return ast.literal_eval(text.strip())


def _repeated(text: str) -> Any:
    """The value of a text that says the same JSON twice. Raises ValueError if it does not."""
    value, end = json.JSONDecoder(strict=False).raw_decode(text.strip())
    if text.strip()[end:].strip() != text.strip()[:end]:
        raise ValueError("something else stands behind the value")
    return value


def _first_of(text: str, *loads: Callable[[str], Any]) -> Any:
    """The value that the first of several readers finds. Raises ValueError if none does."""
    for load in loads:
        try:
            return load(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
    raise ValueError("no value")


def _key(name: str) -> str:
    """`answerType`, `Answer-Type` → `answer_type`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.strip()).lower().replace("-", "_").replace(" ", "_")


def _renamed(kind: str, given: dict[str, Any]) -> dict[str, Any]:
    others = OTHER_NAMES.get(kind, {})
    return {others[key] if key in others and others[key] not in given else key: value for key, value in given.items()}


def _mended(kind: str, given: dict[str, Any]) -> tuple[list[Call], tuple[str, ...]]:
    """The calls with arguments under their names and as the functions take them."""
    fields = _renamed(kind, {_key(key): value for key, value in given.items()})
    for name in LINES & fields.keys():
        if isinstance(fields[name], list) and all(isinstance(line, str) for line in fields[name]):
            fields[name] = "\n".join(fields[name])
    if kind == "submit" and len(fields) == 1 and "<" in str(next(iter(fields.values()))):
        fields = sections_of(str(next(iter(fields.values()))))[0] or fields
    main = MAIN.get(kind)
    if main is not None and main not in fields:
        texts = [value for value in fields.values() if isinstance(value, str)]
        fields = {main: texts[0]} if len(texts) == 1 else fields
    known = {key: value for key, value in fields.items() if key in NAMES[kind]}
    repairs: tuple[str, ...] = ("arguments",) if known.keys() != given.keys() and known else ()
    if kind == "exec" and isinstance(known.get("code"), str):
        calls, more = _execs(known["code"].strip("\n"))
        return calls, (*repairs, *more)
    if kind == "edit":
        return _edit_call({key: fields[key] for key in fields if key in NAMES[kind] or key in VERBS}, repairs)
    if kind == "submit":
        mended, more_list = mend_submission(known)
        return [("submit", mended)], (*repairs, *more_list)
    return [(kind, known)], repairs


# --- exec ---


def _execs(code: str) -> tuple[list[Call], tuple[str, ...]]:
    mended, repairs = mend_code(code)
    canonical = skills_read(mended)
    if not canonical:
        return [("exec", {"code": mended})], repairs
    decorated = () if canonical == [mended.strip().replace("'", '"')] else (READ,)
    return [("exec", {"code": code}) for code in canonical], (*repairs, *decorated)


def skills_read(code: str) -> list[str]:
    """Names of the skills that code shows, if it does nothing else: comments, imports and print are decoration.

    >>> skills_read('# first\\ntext = read_skill("a_b")\\nprint(text)')
    ['read_skill("a-b")']
    >>> skills_read('for name in ("a", "b"):\\n    print(read_skill(name))'), skills_read("read_skill(a-b)")
    (['read_skill("a")', 'read_skill("b")'], ['read_skill("a-b")'])
    >>> skills_read('read_skill("a")\\nprint(1 + 1)')
    []
    """
    if not any(name in code for name in READS):
        return []
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(code)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return []
    shown: list[str] = []
    body = list(_loops_unrolled(tree.body))
    for statement in body:
        value = getattr(statement, "value", None)
        decoration = isinstance(statement, ast.Import | ast.ImportFrom) or isinstance(value, ast.Constant)
        if not decoration and not (isinstance(statement, ast.Expr | ast.Assign) and _shows(value, shown)):
            return []
    return shown


def _shows(value: ast.expr | None, shown: list[str]) -> bool:
    """True if an expression only reads or prints skills; what reads them is added."""
    if isinstance(value, ast.Name | ast.Constant):
        return True
    if not isinstance(value, ast.Call):
        return False
    called = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
    given = [*value.args, *(keyword.value for keyword in value.keywords)]
    name = _named(given[0]) if called in READS and len(given) == 1 else None
    if name is not None:
        shown.append(f'{called}("{skill_name(name)}")')
        return True
    return called in ("print", "display", "pprint", "str") and all(_shows(one, shown) for one in given)


def _named(value: ast.expr) -> str | None:
    """The skill that an argument names: a text, or the name itself without quotes."""
    if isinstance(value, ast.Constant):
        return value.value if isinstance(value.value, str) else None
    bare = ast.unparse(value).replace(" - ", "-")
    return bare if re.fullmatch(r"[A-Za-z]\w*(?:-\w+)*", bare) else None


def _loops_unrolled(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements with the texts put in that a loop over them, or an assignment, gives to a name."""
    names: dict[str, ast.expr] = {}
    for statement in body:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant() as value):
                names[name] = value
            case ast.For(target=ast.Name(id=name), iter=ast.List(elts=items) | ast.Tuple(elts=items)):
                for item in items:
                    yield from (_Put({**names, name: item}).visit(copy.deepcopy(one)) for one in statement.body)
                continue
        yield _Put(names).visit(statement)


class _Put(ast.NodeTransformer):
    """Puts values in the place of names that are read."""

    def __init__(self, names: dict[str, ast.expr]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.names.get(node.id, node) if isinstance(node.ctx, ast.Load) else node


# --- edit ---


def skill_name(text: str) -> str:
    """`Toy_Double` → `toy-double`."""
    return text.strip(" `\"'").lower().replace("_", "-").replace(" ", "-").removesuffix(".py")


def _edits(body: str) -> tuple[list[Call], tuple[str, ...]]:
    """The edits that a block's first lines state; what follows is the reason."""
    lines = [line for line in without_outer_fence(body)[0].strip().splitlines() if line.strip()]
    found: list[dict[str, Any]] = []
    strict = bool(lines) and STRICT_EDIT.fullmatch(lines[0].strip()) is not None
    while lines and (match := _edit_line(lines[0])) is not None:
        if found and STRICT_EDIT.fullmatch(lines[0].strip()) is None:
            break  # a reason may begin with a verb, too
        found.append(_edit_fields(match))
        lines = lines[1:]
    fields = labelled(body) or dict(PAIR.findall(body))
    if not found and {"skill", "edit", "action", "operation", "op"} & fields.keys():
        return _mended("edit", dict(fields))
    if not found:
        raise Malformed("an edit begins with `prune NAME`, `add NAME` or `replace NAME with NAME`", kind="edit")
    reason = "\n".join(lines).strip()
    for fields in found:
        fields["reason"] = WHY.sub("", fields["reason"] or reason)
    return [("edit", fields) for fields in found], () if strict and len(found) == 1 else ("edit",)


def _edit_line(line: str) -> re.Match[str] | None:
    """The edit that a line states, with brackets and quotes around its parts or without."""
    signs = re.sub(r"^\+\s*", "add ", re.sub(r"^`?([\w-]+)`?\s*(?:->|→|=>)\s*", r"replace \1 with ", line.strip()))
    found = EDIT.fullmatch(signs) or EDIT.fullmatch(re.sub(r"</\w+>|[<>()\[\]\"'`*:]+", " ", signs).strip())
    for verb in () if found else VERB.finditer(line):
        inside = EDIT.fullmatch(line[verb.start() :].strip())
        if inside is not None and re.search(r"\w[-_]\w", inside["skill"]):  # in a sentence, a name looks like one
            return inside
    return found


def _edit_fields(match: re.Match[str]) -> dict[str, Any]:
    verb, new = VERBS[match["verb"].lower()], match["new"]
    replaced = {"replacement": skill_name(new)} if verb == "replace" and new else {}
    why = match["why"] if verb == "replace" or not new else f"{new} {match['why']}"
    return {"edit": verb, "skill": skill_name(match["skill"]), **replaced, "reason": why.strip()}


def _edit_call(given: dict[str, Any], repairs: tuple[str, ...]) -> tuple[list[Call], tuple[str, ...]]:
    fields = {"reason": "", **given}
    verb = str(fields.get("edit", "")).strip()
    if not verb and (key := next((key for key in given if key in VERBS), None)) is not None:  # {"prune": "a"}
        fields, verb = {**fields, "edit": key, "skill": given[key]}, key
    first = EDIT.fullmatch(verb)
    if "skill" not in fields and first is not None:  # the whole edit in one argument
        fields = {**_edit_fields(first), "reason": str(fields["reason"])}
    fields["edit"] = VERBS.get(str(fields.get("edit", "")).strip().lower(), fields.get("edit"))
    for name in ("skill", "replacement"):
        if isinstance(fields.get(name), str):
            fields[name] = skill_name(fields[name])
    fields = {name: value for name, value in fields.items() if name in NAMES["edit"]}
    if fields["edit"] != "replace" or not fields.get("replacement"):
        fields.pop("replacement", None)
    return [("edit", fields)], repairs if fields == given else (*repairs, "edit")
