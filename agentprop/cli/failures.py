"""Failures → the message for a person or a program, and the exit code.

stdout carries results and stderr everything else: errors go to stderr as a sentence and a hint. With `--json` they are
a JSON document on stdout, which then always holds exactly one document; on stderr if stdout carries a stream of
records.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import json
import re
import select
import sys
from collections.abc import Iterator
from typing import Any

import typer

from agentprop.cli.streams import discard_stdout
from agentprop.errors import AgentpropError

USAGE_ERRORS: tuple[type[Exception], ...] = (typer.BadParameter.__mro__[1],)  # UsageError, wherever typer has its click
KEPT = dict.fromkeys(("extract", "propose", "verify", "probe", "curate"), "finished shards are kept") | dict.fromkeys(
    ("train-sft", "train-mgpo", "train-solver"), "the last checkpoint is kept"
)
"""Command → the work that an interruption leaves behind."""
INTERRUPTED = 130
MACHINE = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some space",
    errno.EFBIG: "raise the limit on the size of files (ulimit -f)",
    errno.EROFS: "choose a directory that can be written",
    errno.ENOMEM: "free some memory, or raise its limit (ulimit -v)",
    errno.EMFILE: "raise the limit on open files (ulimit -n)",
    errno.ENFILE: "close some files, or raise fs.file-max",
    errno.EAGAIN: "end some processes, or raise their limit (ulimit -u)",
    errno.EIO: "look at the system's log: a device does not answer as it should",
    errno.EBADF: "do not close standard streams",
}
"""What the operating system may refuse anywhere, and what a person can do about it."""


@contextlib.contextmanager
def closing_errors(ctx: typer.Context | None = None) -> Iterator[None]:
    """Turn an error that the user can fix into a message and an exit code; anything else keeps its traceback."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except AgentpropError as error:
        report(_code(error), error.message, error.hint, error.exit_code)
        raise typer.Exit(error.exit_code) from None
    except KeyboardInterrupt:
        kept = KEPT.get((ctx and ctx.invoked_subcommand) or "")
        message = f"interrupted; {kept}" if kept else "interrupted"
        report("interrupted", message, "the same command resumes" if kept else None, INTERRUPTED)
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        if not _reader_left():
            raise
        discard_stdout()
        raise typer.Exit() from None
    except OSError as error:
        if error.errno not in MACHINE:
            raise
        discard_stdout()
        report("machine", _refused(error), MACHINE[error.errno], 1)
        raise typer.Exit(1) from None


def _refused(error: OSError) -> str:
    """Say what the operating system refused; what it does not name by a path is a standard stream, or no file."""
    if error.filename is not None:
        return f"{error.filename} cannot be used: {error.strerror}"
    streams = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)
    what = "standard output cannot be written" if error.errno in streams else "the system refuses"
    return f"{what}: {error.strerror}"


def report(code: str, message: str, hint: str | None, exit_code: int) -> None:
    """Print an error, as text or as JSON."""
    from agentprop.notices import without_folder  # late: a list of commands needs none of it

    message, hint = without_folder(message), hint and without_folder(hint)
    if "--json" in sys.argv[1:]:
        error = {"code": code, "message": message, "hint": hint, "exit_code": exit_code}
        print(json.dumps({"error": error}, ensure_ascii=False), file=sys.stderr if _streaming() else sys.stdout)
        return
    _say("error: ", message, typer.colors.RED)
    if hint:
        _say("hint: ", hint, typer.colors.CYAN)


def report_usage(error: Any) -> int:
    """Print a usage error; returns the exit code."""
    command = error.ctx.command_path if error.ctx is not None else "agentprop"
    message = error.format_message().replace("Value error, ", "")  # pydantic's words, where typer passes them on
    report("usage", message[:1].lower() + message[1:], f"`{command} --help` shows its usage", error.exit_code)
    return int(error.exit_code)


def _say(label: str, text: str, colour: str) -> None:
    typer.echo(typer.style(label, fg=colour, bold=True) + " ".join(text.split()), err=True)


def _code(error: AgentpropError) -> str:
    """`ConfigError` → `config`, `BoundReached` → `bound_reached`."""
    name = type(error).__name__.removesuffix("Error") or "error"
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _streaming() -> bool:
    arguments = sys.argv[1:]
    pairs = set(itertools.pairwise(arguments))
    return bool(pairs & {("--out", "-"), ("-o", "-")}) or not {"--out=-", "-o-"}.isdisjoint(arguments)


def _reader_left() -> bool:
    """True if the reader of our own standard output is gone."""
    if not hasattr(select, "poll"):  # Windows, whose select knows sockets alone
        return True
    poll = select.poll()
    poll.register(sys.__stdout__.fileno() if sys.__stdout__ else 1, select.POLLOUT)
    return any(events & (select.POLLERR | select.POLLHUP) for _, events in poll.poll(0))
