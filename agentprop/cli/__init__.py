"""The command line: which commands there are, and what their failures look like.

Every command lives in a module of its own, which is imported when the command is used and not before: listing them
costs nothing but this file.
"""

from __future__ import annotations

import sys
from typing import Annotated, Any, ClassVar

import typer

from agentprop import __version__
from agentprop.cli.failures import USAGE_ERRORS, closing_errors, report, report_usage
from agentprop.cli.lazy import Entry, LazyGroup
from agentprop.cli.streams import prepare
from agentprop.errors import AgentpropError

PROBLEMS, TRAINING, LOOKING = "Make problems", "Train", "Look at a run"
LIBRARY, MACHINE = "Skill library", "This machine"


class _Commands(LazyGroup):
    entries: ClassVar[dict[str, Entry]] = {
        "extract": Entry("agentprop.cli.extract", "Mine corpora for skills.", PROBLEMS),
        "propose": Entry("agentprop.cli.propose", "Compose skills into new problems with checked answers.", PROBLEMS),
        "verify": Entry("agentprop.cli.verify", "Judge problems from their statements alone.", PROBLEMS),
        "probe": Entry("agentprop.cli.probe", "Measure how hard problems are, by attempts of models.", PROBLEMS),
        "train-sft": Entry(
            "agentprop.cli.train_sft",
            "Teach a model to propose, by imitating trajectories that were found valid.",
            TRAINING,
        ),
        "train-mgpo": Entry(
            "agentprop.cli.train_mgpo",
            "Let a proposer learn from its own attempts, by MGPO in the real environment.",
            TRAINING,
        ),
        "train-solver": Entry(
            "agentprop.cli.train_solver",
            "Let a solver learn from accepted problems, by GRPO on question and answer alone.",
            TRAINING,
        ),
        "evaluate": Entry(
            "agentprop.cli.evaluate",
            "Measure how good a model is on a benchmark: Mean@k, pass@k, majority@k.",
            TRAINING,
        ),
        "export": Entry("agentprop.cli.export", "Write problems or trajectories as other tools read them.", TRAINING),
        "show": Entry("agentprop.cli.show", "Show a run's funnel, or one of its records step by step.", LOOKING),
        "cat": Entry("agentprop.cli.cat", "Print a run's records as JSON lines.", LOOKING),
        "report": Entry("agentprop.cli.report", "Write one HTML file that shows runs.", LOOKING),
        "skills": Entry("agentprop.cli.skills", "List, show, validate and create skill packages.", LIBRARY),
        "check-models": Entry(
            "agentprop.cli.check_models",
            "Ask every configured model what it is and what it can do; a few tiny requests each.",
            MACHINE,
        ),
        "doctor": Entry("agentprop.cli.doctor", "Report what this machine offers: sandbox, cores, versions.", MACHINE),
    }

    def invoke(self, ctx: Any) -> Any:
        """Run the command; what a person can mend becomes a sentence, a hint and an exit code."""
        with closing_errors(ctx):
            return super().invoke(ctx)


app = typer.Typer(cls=_Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})


@app.callback()
def _root(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """From corpora to skills, from skills to hard, verified reasoning problems."""
    if version:
        print(f"agentprop {__version__}")
        raise typer.Exit()
    if ctx.invoked_subcommand is None:
        print(ctx.get_help())


def main() -> None:
    """The entry point; exits 0 done, 1 a person can mend it, 2 usage, 3 a bound was met, 130 interrupted."""
    try:
        prepare()
    except AgentpropError as error:
        report("run", error.message, error.hint, error.exit_code)
        sys.exit(error.exit_code)
    try:
        code = typer.main.get_command(app).main(prog_name="agentprop", standalone_mode=False)
    except USAGE_ERRORS as error:
        code = report_usage(error)
    sys.exit(code if isinstance(code, int) else 0)
