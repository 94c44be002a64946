"""A package → all its faults that show without running it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from agentprop.skills import constraints as expressions
from agentprop.skills.constants import CONSTANTS
from agentprop.skills.explanations import explanation_faults
from agentprop.skills.frontmatter import split
from agentprop.skills.package import Package
from agentprop.skills.spec import Spec
from agentprop.skills.values import faults as parameter_faults
from agentprop.skills.wordings import holes, tellings

NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def faults(package: Package) -> list[str]:
    """Find all faults of a package that show without running it."""
    s = package.spec
    found = list(_name_faults(s))
    for name, p in s.parameters.items():
        found += [f"parameters.{name}: {fault}" for fault in parameter_faults(p)]
        if not name.isidentifier() or name in s.flavour or name == "subject":
            found.append(f"parameters.{name}: not usable as a name")
    found += _constraint_faults(s)
    unknown = [name for name in s.constants if name not in CONSTANTS]
    found += [f"constants: {name!r} is none of {', '.join(CONSTANTS)}" for name in unknown]
    if package.script is not None:
        found += _script_faults(package.script)
        if s.output is None:
            found.append("output: missing although scripts/skill.py exists")
    if s.output is not None and s.output.kind != "program":
        found += _wording_faults(s)
    found += explanation_faults(s, package.script)
    if s.output is not None and s.output.kind == "quantity" and not s.output.unit:
        found.append("output: a quantity needs a unit (`unit: '1'` for a pure number)")
    if s.output is not None and s.output.decimals is not None and s.output.figures != s.output.decimals + 1:
        found.append("output: `figures` must be one more than `decimals`")
    if not split(package.skill_md)[1].strip():
        found.append("body: empty")
    return found


def _name_faults(s: Spec) -> Iterator[str]:
    if not NAME.fullmatch(s.name) or len(s.name) > 64:
        yield f"name: {s.name!r} is not 1–64 characters of a-z, 0-9 and single hyphens"
    if not 1 <= len(s.description) <= 1024:
        yield "description: must have 1–1024 characters"
    if not NAME.fullmatch(s.category):
        yield f"category: {s.category!r} is not a-z, 0-9 and hyphens"
    for field in ("intent", "method", "effect", "tool"):
        if not getattr(s, field).strip():
            yield f"{field}: empty"


def _constraint_faults(s: Spec) -> Iterator[str]:
    for text in s.constraints:
        yield from _expression_faults("constraints", text, set(s.parameters))
    for name, p in s.parameters.items():
        if p.suits is not None:
            yield from _expression_faults(f"parameters.{name}: suits", p.suits, {name})


def _expression_faults(where: str, text: str, known: set[str]) -> Iterator[str]:
    try:
        unknown = expressions.names(text) - known
    except expressions.ExpressionError as error:
        yield f"{where}: {text!r}: {error}"
        return
    if unknown:
        yield f"{where}: {text!r}: unknown {', '.join(sorted(unknown))}"


def _script_faults(script: str) -> Iterator[str]:
    try:
        tree = ast.parse(script)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        yield f"scripts/skill.py: {error}"
        return
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    for name in ("solve", "check"):
        if name not in defined:
            yield f"scripts/skill.py: no function `{name}`"


def _wording_faults(s: Spec) -> Iterator[str]:
    if len(s.phrasings) < 2 and s.evidence == "independent":
        yield "phrasings: two or more are needed"
    if not s.phrasings:
        yield "phrasings: none"
    for number, wording in enumerate(s.phrasings):
        yield from _hole_faults(s, f"phrasings.{number}", wording.text, set(s.parameters), set(s.flavour))
    for number, phrase in enumerate(s.value):
        yield from _hole_faults(s, f"value.{number}", phrase, set(s.parameters), set())
        if not phrase.startswith("the ") or phrase.rstrip()[-1:] in ".?!":
            yield f"value.{number}: must begin with “the ” and have no final punctuation"
    yield from _named_faults(s)
    for name, wordings in s.follows.items():
        if name not in s.parameters:
            yield f"follows.{name}: unknown parameter"
            continue
        if not s.parameters[name].roles:
            yield f"follows.{name}: the parameter has no role"
        for number, wording in enumerate(wordings):
            wanted = set(s.parameters) - {name}
            yield from _hole_faults(
                s, f"follows.{name}.{number}", wording.text, wanted, {"subject", *s.flavour}, banned={name}
            )
            if wording.role is not None and wording.role not in s.parameters[name].roles:
                yield f"follows.{name}.{number}: role {wording.role!r} is not a role of the parameter"
    data = s.data
    for field in ("step", "finish"):
        phrase = getattr(s, field)
        if phrase is not None:
            yield from _hole_faults(s, field, phrase, set(s.parameters) - {data}, set())
    yield from (f"sweep: unknown parameter {name!r}" for name in s.sweep if name not in s.parameters)
    if sum(p.input for p in s.parameters.values()) > 1:
        yield "parameters: only one may be the input"


def _named_faults(s: Spec) -> Iterator[str]:
    for number, phrase in enumerate(s.named):
        if not phrase.startswith("the ") or re.search(r"[.?!<$]", phrase):
            yield f"named.{number}: must begin with “the ” and have no parameter, formula or final punctuation"
    if s.named and not s.tells:
        yield "named: no phrasing has every parameter in its scene"


def _hole_faults(
    s: Spec, where: str, text: str, required: set[Any], optional: set[str], banned: Iterable[str] = ()
) -> Iterator[str]:
    used = set(holes(text))
    if missing := required - used:
        yield f"{where}: lacks {', '.join(f'<{m}>' for m in sorted(missing))}"
    if unknown := used - required - optional - set(banned):
        yield f"{where}: unknown {', '.join(f'<{u}>' for u in sorted(unknown))}"
    if doubled := used & set(banned):
        yield f"{where}: must not repeat {', '.join(f'<{d}>' for d in sorted(doubled))}"
    if text.replace(r"\$", "").count("$") % 2:
        yield f"{where}: unbalanced $"
    if any("{if " in told for told in tellings(text)):
        yield f"{where}: a clause in braces begins with `if negative:` or `if not negative:`, and has no braces in it"


def clashes(library: Mapping[str, Package]) -> list[str]:
    """Find wordings that two skills share, so that a statement would have two meanings."""
    seen: dict[str, str] = {}
    found = []
    for name, package in library.items():
        for text in {w.text for w in package.spec.phrasings} | set(package.spec.value):
            blank = re.sub(r"<\w+>", "<>", text)
            if (other := seen.setdefault(blank, name)) != name:
                found.append(f"{name}: shares the wording {text!r} with {other}")
    return found
