"""What models call an action or a function → the action: `functions.exec:0`, `exec_code`, `runPython`.

>>> [kind_of(name) for name in ("functions.exec:0", "exec_code<|channel|>json", "mcp__agent__submitProblem", "weather")]
['exec', 'exec', 'submit', None]
"""

from __future__ import annotations

import re

KINDS = ("think", "exec", "edit", "submit")
ALIASES = {
    **{kind: kind for kind in KINDS},
    **dict.fromkeys(("thinking", "thought", "thoughts", "sequentialthinking"), "think"),
    **dict.fromkeys(("reflect", "reflection", "plan", "reason", "reasoning"), "think"),
    **dict.fromkeys(
        ("execute", "execution", "python", "py", "code", "run", "tool", "run_python", "code_interpreter"), "exec"
    ),
    **dict.fromkeys(("python3", "ipython", "tool_code", "interpreter", "repl", "sandbox"), "exec"),
    **dict.fromkeys(("prune", "add", "replace", "remove", "drop", "swap", "modify"), "edit"),
    **dict.fromkeys(("submission", "final", "finalize", "submit_problem"), "submit"),
    "read_skill": "exec",
}
"""What models call an action, and the action."""
FILLERS = frozenset({
    "action", "tool", "function", "call", "agent", "skill", "skills", "problem", "answer", "block", "step",
    "sequential",
})  # fmt: skip
"""Words beside an alias that do not change what is meant."""


def plain_name(name: str) -> str:
    """Take off what stands around a name: a namespace, the number of the call, tokens of the template.

    >>> plain_name("functions.exec:0"), plain_name("<action:Exec>"), plain_name("runPython()")
    ('exec', 'exec', 'run_python')
    """
    bare = re.sub(r"<\|.*|\(.*", "", re.sub(r"\A\s*(?:<\|[^|]*\|>)*<?", "", name))
    bare = re.sub(r"[:#_-]\d+\Z", "", re.sub(r"[\s\"'`*>]+", "", bare))
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", re.split(r"[.:/]|__", bare)[-1]).lower()


def kind_of(name: str) -> str | None:
    """The action that a name means; None if it means none."""
    plain = plain_name(name)
    if plain in ALIASES:
        return ALIASES[plain]
    words = [word for word in re.split(r"[_-]+", plain) if word]
    kinds = {ALIASES[word] for word in words if word in ALIASES and word not in FILLERS}
    known = all(word in ALIASES or word in FILLERS for word in words)
    return kinds.pop() if known and len(kinds) == 1 else None
