"""skills/<name>/SKILL.md ↔ Spec: read, written and checked, every fault reported at once.

A package has three levels of disclosure: the frontmatter (discovery), the body of SKILL.md (read when the skill is
wanted), and `scripts/skill.py` (executed in the sandbox only). Nothing here executes a package.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, cast

import yaml
from pydantic import Field, ValidationError

from agentprop import expressions
from agentprop.errors import SkillError
from agentprop.records import Domain, Evidence, Part, Skill, Span
from agentprop.values import Parameter
from agentprop.values import faults as parameter_faults

NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
MAX_FILE_BYTES = 256 * 1024
OutputKind = Literal[
    "integer", "rational", "quantity", "list", "string", "words", "graph", "boolean", "expression", "program"
]


class Wording(Part):
    """One way to tell a skill's problem: declarative scene (may be empty) and one question."""

    scene: str = ""
    """Sentences that fix the situation."""
    ask: str
    """Exactly one question or instruction."""
    role: str | None = None
    """For follow-ups: the role this wording takes its value in; None fits every role of the parameter."""

    @property
    def text(self) -> str:
        """Scene and question."""
        return f"{self.scene} {self.ask}".strip()


class Output(Part):
    """What a skill computes."""

    kind: OutputKind
    """Kind of the value."""
    unit: str | None = None
    """Unit of a quantity."""
    figures: int = Field(default=3, ge=1, le=12)
    """Significant figures a question asks of a quantity."""
    role: str | None = None
    """What the value is in a story."""
    subject: str | None = None
    """Noun of the story: plural for counts, singular for bodies."""
    symbol: str | None = None
    """Letter for the value."""


class Spec(Part):
    """The frontmatter of a package, typed."""

    name: str
    """Directory name."""
    description: str
    """What and when."""
    license: str | None = None
    """Licence of the package."""
    domain: Domain
    """mathematics, coding or science."""
    category: str
    """The curriculum's unit."""
    intent: str
    """ι."""
    method: str
    """μ."""
    effect: str
    """δ."""
    tool: str
    """τ."""
    parameters: dict[str, Parameter] = Field(default_factory=dict)
    """Typed parameters of solve and check."""
    flavour: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Words that change nothing."""
    constraints: tuple[str, ...] = ()
    """Expressions over the parameters that must hold."""
    output: Output | None = None
    """What solve returns; None for packages without scripts."""
    phrasings: tuple[Wording, ...] = ()
    """Complete wordings."""
    value: tuple[str, ...] = ()
    """Noun phrases that name the result."""
    follows: dict[str, tuple[Wording, ...]] = Field(default_factory=dict)
    """Wordings that take one parameter from the story so far."""
    sweep: tuple[str, ...] = ()
    """Parameters over which the skill may be evaluated many times."""
    step: str | None = None
    """Imperative verb phrase for a pipeline (coding)."""
    finish: str | None = None
    """Noun phrase about the current data that ends a pipeline (coding)."""
    evidence: Evidence = "independent"
    """What `check` is worth."""
    entry_point: str | None = None
    """Function name of a lifted program (coding)."""
    tests: str | None = None
    """Tests of a lifted program, JSON (coding)."""

    @property
    def data(self) -> str | None:
        """The parameter that carries a program's data (coding)."""
        return next((name for name, p in self.parameters.items() if p.input), None)

    def roles_in(self) -> Iterator[tuple[str, str]]:
        """(parameter, role) pairs that a story can supply."""
        for name, wordings in self.follows.items():
            for role in self.parameters[name].roles:
                if any(w.role in (None, role) for w in wordings):
                    yield name, role


@dataclass(frozen=True)
class Package:
    """A skill package in memory."""

    spec: Spec
    """Its frontmatter."""
    skill_md: str
    """The whole SKILL.md."""
    script: str | None
    """scripts/skill.py."""
    origin: Literal["bundled", "mined", "teacher", "user"] = "user"
    """Where it came from."""

    @property
    def name(self) -> str:
        """Unique name."""
        return self.spec.name

    @property
    def executable(self) -> bool:
        """Whether it can be composed and checked."""
        return self.script is not None and self.spec.output is not None

    @cached_property
    def module(self) -> str:
        """Name under which its script can be imported in the sandbox: `skills.<module>`."""
        return self.spec.name.replace("-", "_")

    @cached_property
    def id(self) -> str:
        """Content hash of its files."""
        return self.record().id

    def record(
        self, *, quality: float | None = None, quality_parts: str | None = None, lineage: Sequence[Span] = ()
    ) -> Skill:
        """The storable record."""
        s = self.spec
        return Skill(
            name=s.name, description=s.description, domain=s.domain, category=s.category, intent=s.intent,
            method=s.method, effect=s.effect, tool=s.tool, skill_md=self.skill_md, script=self.script,
            origin=self.origin, evidence=s.evidence, quality=quality, quality_parts=quality_parts,
            lineage=tuple(lineage),
        )  # fmt: skip


# --- reading ---


def split(text: str) -> tuple[str, str]:
    """SKILL.md → (frontmatter YAML, body). Raises SkillError when there is no frontmatter."""
    found = re.match(r"\A---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|\Z)", text, re.DOTALL)
    if found is None:
        raise SkillError("SKILL.md does not begin with YAML frontmatter", hint="start the file with a `---` block")
    return found[1], text[found.end() :]


_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _load_yaml(text: str) -> Any:
    """Safe YAML without aliases, which could make a small file expand without bound."""
    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=_LOADER)):
        raise yaml.YAMLError("aliases are not allowed")
    return yaml.load(text, Loader=_LOADER)  # a safe loader


def parse(skill_md: str, script: str | None, origin: str = "user") -> Package:
    """The package of two texts. Raises SkillError naming every fault."""
    package, found = _parse(skill_md, script, origin)
    if package is None or found:
        raise SkillError("; ".join(found), hint="`agentprop skills validate` lists the faults of every package")
    return package


def _parse(skill_md: str, script: str | None, origin: str) -> tuple[Package | None, list[str]]:
    try:
        front, _ = split(skill_md)
        raw = _load_yaml(front)
    except (SkillError, yaml.YAMLError, RecursionError, ValueError, LookupError, AttributeError, TypeError) as error:
        return None, [f"frontmatter: {' '.join(str(error).split())}"]
    if not isinstance(raw, dict):
        return None, ["frontmatter: not a mapping"]
    metadata = raw.pop("metadata", None) or {}
    if not isinstance(metadata, dict):
        return None, ["metadata: not a mapping"]
    extra = {k: raw.pop(k) for k in ("compatibility", "allowed-tools") if k in raw}
    found = [f"{k}: not text" for k, v in extra.items() if not isinstance(v, str)]
    try:
        spec = Spec.model_validate({**metadata, **raw})
    except ValidationError as error:
        return None, found + [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
    package = Package(spec, skill_md, script, cast(Any, origin))
    return package, found + faults(package)


def read(directory: Path, origin: str = "user") -> tuple[Package | None, list[str]]:
    """A package directory → (package, faults); the package is None where nothing usable could be read."""
    try:
        skill_md = _text(directory / "SKILL.md")
        script_path = directory / "scripts" / "skill.py"
        script = _text(script_path) if script_path.exists() else None
    except SkillError as error:
        return None, [error.message]
    package, found = _parse(skill_md, script, origin)
    if package is not None and package.name != directory.name:
        found = [f"name: {package.name!r} differs from its directory {directory.name!r}", *found]
    return package, found


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise SkillError(f"{path.name} is larger than {MAX_FILE_BYTES // 1024} KiB")
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SkillError(f"{path.name} is missing") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SkillError(f"{path.name} cannot be read: {error}") from None


def bundled_directory() -> Path:
    """Where the library that travels with agentprop is: in the wheel, or beside the package in a checkout."""
    inside = Path(str(files("agentprop").joinpath("_skills")))
    return inside if inside.is_dir() else Path(__file__).resolve().parent.parent / "skills"


def directories(root: Path) -> list[Path]:
    """Package directories below a library, a run (`<run>/skills`) or a single package."""
    if (root / "SKILL.md").exists():
        return [root]
    base = root / "skills" if (root / "skills").is_dir() else root
    return sorted(path.parent for path in base.glob("*/SKILL.md"))


def load(roots: Iterable[Path], *, bundled: bool = True) -> dict[str, Package]:
    """The library by name: bundled packages, then those below `roots`. Raises SkillError naming faulty ones."""
    library: dict[str, Package] = {}
    found: list[str] = []
    sources = [(bundled_directory(), "bundled")] if bundled else []
    for root, origin in [*sources, *((path, "user") for path in roots)]:
        paths = directories(root) if root.exists() else []
        if not paths:
            raise SkillError(f"no skill package below {root}", hint="give a package, a directory of packages, or a run")
        for path in paths:
            package, faults_ = read(path, origin)
            found += [f"{path.name}: {fault}" for fault in faults_]
            if package is not None and not faults_:
                found += _add(library, package)
    if found:
        shown = "; ".join(found[:5]) + (f"; and {len(found) - 5} more" if len(found) > 5 else "")
        raise SkillError(f"faulty skill packages: {shown}", hint="run `agentprop skills validate` to see every fault")
    return library


def _add(library: dict[str, Package], package: Package) -> list[str]:
    known = library.get(package.name)
    if known is None:
        library[package.name] = package
    elif known.id != package.id:
        return [f"{package.name}: another package has this name"]
    return []


# --- wordings ---


@dataclass(frozen=True)
class Hole:
    """A place in a wording where a value goes."""

    name: str
    """Parameter, flavour, or `subject`."""
    math: bool
    """Whether it stands inside `$…$`."""


@lru_cache(maxsize=65536)
def segments(wording: str) -> tuple[str | Hole, ...]:
    """A wording cut into text and holes; every `<identifier>` is a hole."""
    out: list[str | Hole] = []
    position, math = 0, False
    for found in re.finditer(r"<([A-Za-z_]\w*)>", wording):
        text = wording[position : found.start()]
        math ^= text.replace(r"\$", "").count("$") % 2 == 1
        out += [text] if text else []
        out.append(Hole(found[1], math))
        position = found.end()
    return (*out, wording[position:]) if wording[position:] else tuple(out)


def holes(wording: str) -> list[str]:
    """Names of the holes of a wording, in order."""
    return [part.name for part in segments(wording) if isinstance(part, Hole)]


# --- faults ---


def faults(package: Package) -> list[str]:
    """Everything wrong with a package that can be seen without running it."""
    s = package.spec
    found = list(_name_faults(s))
    for name, p in s.parameters.items():
        found += [f"parameters.{name}: {fault}" for fault in parameter_faults(p)]
        if not name.isidentifier() or name in s.flavour or name == "subject":
            found.append(f"parameters.{name}: not usable as a name")
    found += _constraint_faults(s)
    if package.script is not None:
        found += _script_faults(package.script)
        if s.output is None:
            found.append("output: missing although scripts/skill.py exists")
    if s.output is not None and s.output.kind != "program":
        found += _wording_faults(s)
    if s.output is not None and s.output.kind == "quantity" and not s.output.unit:
        found.append("output: a quantity needs a unit (`unit: '1'` for a pure number)")
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
        try:
            unknown = expressions.names(text) - set(s.parameters)
        except expressions.ExpressionError as error:
            yield f"constraints: {text!r}: {error}"
            continue
        if unknown:
            yield f"constraints: {text!r}: unknown {', '.join(sorted(unknown))}"


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


def clashes(library: Mapping[str, Package]) -> list[str]:
    """Wordings that two skills share: a statement would have two meanings."""
    seen: dict[str, str] = {}
    found = []
    for name, package in library.items():
        for text in {w.text for w in package.spec.phrasings} | set(package.spec.value):
            blank = re.sub(r"<\w+>", "<>", text)
            if (other := seen.setdefault(blank, name)) != name:
                found.append(f"{name}: shares the wording {text!r} with {other}")
    return found
