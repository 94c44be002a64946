"""A proposal → the two files of a skill package; the executable part only where it is wanted and without fault.

The name ends in a hash of what the teacher wrote, so that two skills never share one, and equal ones do.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import yaml

from agentprop.errors import SkillError
from agentprop.extraction.teaching.proposals import Executable, Proposal, slug
from agentprop.records import content_id
from agentprop.skills import Package, parse

MAX_NAME = 64
UNREADABLE = (yaml.YAMLError, RecursionError, ValueError, LookupError, AttributeError, TypeError)
"""What YAML of unknown origin may raise."""


def package(proposal: Proposal, *, scripted: bool) -> Package:
    """The package, with or without its script. Raises SkillError naming every fault."""
    executable = proposal.executable if scripted else None
    name = _name(proposal)
    try:
        front = yaml.safe_dump(
            _front(proposal, name, executable),
            sort_keys=False,
            allow_unicode=True,
            width=10_000,
            default_flow_style=None if executable else False,
        )
    except UNREADABLE as error:
        raise SkillError(f"parameters or output: {' '.join(str(error).split())}") from error
    script = f"{executable.script}\n" if executable else None
    return parse(f"---\n{front}---\n\n{_body(proposal, executable)}", script, "teacher")


def executable_fault(proposal: Proposal) -> str | None:
    """What keeps the executable part from being a package, seen without running it."""
    if proposal.executable is None:
        return None
    try:
        package(proposal, scripted=True)
    except SkillError as error:
        return error.message
    return None


def _name(proposal: Proposal) -> str:
    digest = content_id(asdict(proposal) | {"passages": None})[:8]
    short = slug(proposal.name).removeprefix(f"{proposal.category}-")
    stem = f"{proposal.category}-{short}"[: MAX_NAME - len(digest) - 1].strip("-")
    return f"{stem}-{digest}"


def _front(proposal: Proposal, name: str, executable: Executable | None) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "domain": proposal.domain,
        "category": proposal.category,
        "intent": proposal.intent,
        "method": proposal.method,
        "effect": proposal.effect,
        "tool": proposal.tool,
    }
    metadata |= _runs(executable) if executable else {"evidence": "none"}
    return {"name": name, "description": proposal.description, "license": "Apache-2.0", "metadata": metadata}


def _runs(executable: Executable) -> dict[str, Any]:
    return {
        "parameters": yaml.safe_load(executable.parameters),
        "constraints": list(executable.constraints),
        "output": yaml.safe_load(executable.output),
        "phrasings": [{"scene": scene, "ask": ask} if scene else {"ask": ask} for scene, ask in executable.phrasings],
        "value": list(executable.value),
    }


def _body(proposal: Proposal, executable: Executable | None) -> str:
    tools = proposal.tool
    if executable:
        tools += "\n\n`solve` and `check` in scripts/skill.py compute the value in two independent ways."
    parts = [
        f"# {proposal.name}",
        "## Recognition",
        proposal.recognition,
        "## Workflow",
        proposal.workflow,
        "## Effect",
        proposal.effect,
        "## Tools",
        tools,
    ]
    return "\n\n".join(parts) + "\n"
