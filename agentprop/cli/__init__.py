"""The command line: the list of commands, and the form of their failures.

Every command lives in its own module, which is imported only if the command is used: the list needs this file alone.
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
LIBRARY, MACHINE = "Skills and prompts", "This machine"


class _Commands(LazyGroup):
    entries: ClassVar[dict[str, Entry]] = {
        "extract": Entry("agentprop.cli.extract", "Mine corpora for skills.", PROBLEMS),
        "propose": Entry("agentprop.cli.propose", "Compose skills into new problems with checked answers.", PROBLEMS),
        "verify": Entry("agentprop.cli.verify", "Judge problems from their statements alone.", PROBLEMS),
        "probe": Entry(
            "agentprop.cli.probe", "Measure how hard problems are by letting models attempt them.", PROBLEMS
        ),
        "curate": Entry(
            "agentprop.cli.curate",
            "Check problems that others wrote: what to keep, and why not the rest.",
            PROBLEMS,
        ),
        "merge": Entry("agentprop.cli.merge", "Make one run of the parts of a divided run.", PROBLEMS),
        "lint": Entry(
            "agentprop.cli.lint",
            "Check the English, notation and promised form of answer of problems, without solving them.",
            PROBLEMS,
        ),
        "train-sft": Entry(
            "agentprop.cli.train_sft",
            "Train a model to propose by imitating valid trajectories (SFT).",
            TRAINING,
        ),
        "train-mgpo": Entry(
            "agentprop.cli.train_mgpo",
            "Train a proposer on its own attempts in the real environment (MGPO).",
            TRAINING,
        ),
        "train-solver": Entry(
            "agentprop.cli.train_solver",
            "Train a solver on accepted problems, by their questions and answers alone (GRPO).",
            TRAINING,
        ),
        "evaluate": Entry(
            "agentprop.cli.evaluate",
            "Measure a model on a benchmark: Mean@k, pass@k, majority@k.",
            TRAINING,
        ),
        "export": Entry(
            "agentprop.cli.export", "Write problems or trajectories in the formats of other tools.", TRAINING
        ),
        "serve": Entry(
            "agentprop.cli.serve", "Serve problems to trainers that talk to an environment's server.", TRAINING
        ),
        "push": Entry("agentprop.cli.push", "Push a run to the Hugging Face Hub, as a data set with a card.", TRAINING),
        "show": Entry("agentprop.cli.show", "Show a run's funnel, or one of its records step by step.", LOOKING),
        "cat": Entry("agentprop.cli.cat", "Print a run's records as JSON lines.", LOOKING),
        "report": Entry("agentprop.cli.report", "Write a report of runs as one HTML file.", LOOKING),
        "tune-sampling": Entry(
            "agentprop.cli.tune_sampling",
            "Choose a proposer's temperature from samples that exist (B-STaR's balance score).",
            TRAINING,
        ),
        "tune-proposer": Entry(
            "agentprop.cli.tune_proposer",
            "Find the best of several variants of a proposer, by successive halving.",
            TRAINING,
        ),
        "compact": Entry("agentprop.cli.compact", "Put the many small files of a run together.", LOOKING),
        "skills": Entry("agentprop.cli.skills", "List, show, validate and create skill packages.", LIBRARY),
        "prompts": Entry(
            "agentprop.cli.prompts", "Show the prompts of language models, or copy them to change.", LIBRARY
        ),
        "check-models": Entry(
            "agentprop.cli.check_models",
            "Check every configured model with a few tiny requests.",
            MACHINE,
        ),
        "doctor": Entry(
            "agentprop.cli.doctor", "Report the sandbox, cores and installed versions of this machine.", MACHINE
        ),
    }

    def make_context(self, *given: Any, **more: Any) -> Any:
        """Read the command line, which prints the help; errors end as those of a command do."""
        with closing_errors():
            return super().make_context(*given, **more)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; an error that the user can fix becomes a sentence, a hint and an exit code."""
        with closing_errors(ctx):
            return super().invoke(ctx)


app = typer.Typer(
    cls=_Commands,
    invoke_without_command=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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
