"""`agentprop --help` imports nothing heavy, and none of the commands."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from .conftest import environment

HEAVY = ("torch", "vllm", "sympy", "pyarrow", "openai", "transformers", "pydantic")


def test_help_imports_nothing_heavy() -> None:
    code = "import sys; from agentprop.cli import main; sys.argv = ['agentprop', '--help']\ntry: main()\nfinally: "
    code += f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, timeout=60)
    assert done.stderr.strip() == "[]", done.stderr
    assert "propose" in done.stdout


@pytest.mark.parametrize(
    "command", ["extract", "propose", "verify", "evaluate", "export", "train-mgpo", "probe", "report"]
)
def test_help_of_a_command_imports_nothing_heavy(command: str) -> None:
    code = f"import sys; from agentprop.cli import main; sys.argv = ['agentprop', '{command}', '--help']\n"
    code += f"try: main()\nfinally: print([n for n in {HEAVY[:-1]!r} if n in sys.modules], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, timeout=60)
    assert done.stderr.strip() == "[]", done.stderr
    assert f"agentprop {command}" in done.stdout


def test_listing_the_commands_imports_none_of_their_modules() -> None:
    code = "import sys; from agentprop.cli import main; sys.argv = ['agentprop', '--help']\ntry: main()\nfinally: "
    code += "print(sorted(n for n in sys.modules if n.startswith('agentprop')), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, timeout=60)
    parts = ("failures", "help", "lazy", "streams")
    light = ["agentprop", "agentprop.cli", *(f"agentprop.cli.{part}" for part in parts), "agentprop.errors"]
    assert ast.literal_eval(done.stderr.strip()) == light


def test_the_settings_of_a_stage_are_built_without_those_of_the_others() -> None:
    code = "import sys; from agentprop.config import ProposeConfig\n"
    code += "print([n for n in sys.modules if n.startswith(('agentprop.config.train', 'agentprop.config.ver'))])\n"
    code += (
        "from agentprop.config import STAGES, VerifyConfig; assert STAGES['verify'] is VerifyConfig; print(len(STAGES))"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True, timeout=60)
    assert done.stdout.split("\n")[:2] == ["[]", "10"], done.stderr
