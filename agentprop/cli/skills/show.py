"""`agentprop skills show NAME`: a package, and a problem made with it."""

from __future__ import annotations

import json as json_
from pathlib import Path
from random import Random
from typing import Annotated, Any

import typer

from agentprop.cli import completion, options
from agentprop.cli.skills.library import library, pick
from agentprop.composition.answer_text import answer_text
from agentprop.composition.skill_runs import draw_parameters, run
from agentprop.composition.validation import statement
from agentprop.composition.writer import Unwritable
from agentprop.errors import SkillError
from agentprop.sandbox import Sandbox
from agentprop.skills import Package, read, split


def command(
    name: Annotated[str, typer.Argument(autocompletion=completion.skills, help="Name of a package, or its directory.")],
    skills: options.Skills = None,
    bundled_skills: options.BundledSkills = None,
    seed: Annotated[int, typer.Option(help="Seed of the example.")] = 0,
    script: Annotated[bool, typer.Option("--script", help="Print the script too.")] = False,
    allow_weak_sandbox: options.AllowWeakSandbox = None,
    json: options.Json = False,
) -> None:
    """Show a package, and a problem made with it."""
    package = _find(name, skills, bundled_skills)
    with Sandbox(preload=(), slots=1, allow_weak=allow_weak_sandbox is True) as sandbox:
        example = make_example(package, sandbox, seed) if package.executable else None
    if json:
        fields = {**package.spec.model_dump(mode="json"), "id": package.id, "origin": package.origin}
        body = split(package.skill_md)[1].strip()
        print(json_.dumps({**fields, "body": body, "script": package.script, "example": example}, ensure_ascii=False))
    else:
        _print(package, example, script)


def _find(name: str, skills: list[str] | None, bundled: bool | None) -> Package:
    if not (Path(name) / "SKILL.md").exists():
        return pick(library(skills, bundled), name)
    package, faults = read(Path(name).resolve())
    if package is None or faults:
        raise SkillError(f"{name} is faulty: {'; '.join(faults[:3])}", hint=f"run `agentprop skills validate {name}`")
    return package


def make_example(package: Package, sandbox: Sandbox, seed: int) -> dict[str, Any] | None:
    """Make a statement in the package's wording with the answer of its `solve`; None if it asks no question."""
    rng = Random(seed)
    output, parameters = package.spec.output, draw_parameters(package.spec, rng)
    if output is None or output.kind == "program" or parameters is None:
        return None
    try:
        text = statement(package, parameters, rng)
    except Unwritable:
        return None
    call = run(package.script or "", "solve", [parameters], sandbox)[0]
    figures = output.figures if output.kind == "quantity" else None
    answered = not (call.refused or call.error)
    answer = answer_text(call.value, unit=output.unit, figures=figures) if answered else None
    return {"statement": text, "answer": answer, "refused": call.error or (call.value if call.refused else None)}


def _print(package: Package, example: dict[str, Any] | None, script: bool) -> None:
    from rich.text import Text

    from agentprop.cli.terminal import Terminal

    console, spec = Terminal(), package.spec
    console.print(Text(spec.name, style="bold"))
    kind = spec.output.kind if spec.output else "no script"
    console.print(Text(f"{spec.domain} · {spec.category} · {kind} · {package.origin} · check: {spec.evidence}\n"))
    console.print(Text(f"{spec.description}\n"))
    for label in ("intent", "method", "effect", "tool"):
        console.print(Text.assemble((f"{label}: ", "bold"), getattr(spec, label)))
    _print_list(console, "parameters", [f"{name}: {_declared(p)}" for name, p in spec.parameters.items()])
    _print_list(console, "constraints", spec.constraints)
    _print_list(console, "phrasings", [wording.text for wording in spec.phrasings])
    if example is not None:
        console.print(Text("\nan example", style="bold"))
        console.print(Text(example["statement"]))
        refusal = f"(no answer: {example['refused']})"
        console.print(Text.assemble(("answer: ", "bold"), example["answer"] or refusal))
    console.print(Text(f"\n{split(package.skill_md)[1].strip()}"))
    if script and package.script is not None:
        console.print(Text("\nscripts/skill.py", style="bold"))
        console.print(Text(package.script), soft_wrap=True)


def _declared(parameter: Any) -> str:
    given = parameter.model_dump(exclude_unset=True)
    return f"{given.pop('kind')} " + ", ".join(f"{key} {_short(value)}" for key, value in given.items())


def _short(value: Any) -> str:
    if isinstance(value, tuple):
        return f"{', '.join(map(str, value[:6]))}{', …' if len(value) > 6 else ''}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _print_list(console: Any, heading: str, lines: Any) -> None:
    from rich.padding import Padding
    from rich.text import Text

    if lines:
        console.print(Text(heading, style="bold"))
        for line in lines:
            console.print(Padding(Text(line), (0, 0, 0, 2)))
