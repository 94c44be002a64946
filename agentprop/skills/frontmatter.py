"""The text of a SKILL.md → its frontmatter and its body."""

from __future__ import annotations

import re
from typing import Any

import yaml

from agentprop.errors import SkillError


def split(text: str) -> tuple[str, str]:
    """Split SKILL.md into (frontmatter YAML, body). Raises SkillError if there is no frontmatter."""
    found = re.match(r"\A---[ \t]*\r?\n(.*?)\r?\n---[ \t]*(?:\r?\n|\Z)", text, re.DOTALL)
    if found is None:
        raise SkillError("SKILL.md does not begin with YAML frontmatter", hint="start the file with a `---` block")
    return found[1], text[found.end() :]


_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_yaml(text: str) -> Any:
    """Load safe YAML without aliases, which could make a small file expand without bound. Raises YAMLError."""
    may_have = "&" in text and "*" in text  # reading the events takes half as long as all the rest
    if may_have and any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=_LOADER)):
        raise yaml.YAMLError("aliases are not allowed")
    return yaml.load(text, Loader=_LOADER)  # a safe loader
