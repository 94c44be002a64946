"""A body → the runs it asks for: jobs, calls of one function, or one half of a pair."""

from __future__ import annotations

from typing import Any

from . import pair
from .codec import decode
from .runner import CodeOutcome, Frame, Runner, fresh_namespace


def run_body(body: dict[str, Any]) -> None:
    """Run a body and send its frames."""
    runner = Runner()
    match body["mode"]:
        case "jobs":
            runner.run_jobs(body["sources"], body["jobs"])
        case "values":
            _run_cases(runner, body["source"], body["function"], body["cases"])
        case "candidate":
            pair.serve_candidate(runner, body["source"], body["function"])
        case "tests":
            pair.run_tests(runner, body["source"], body["function"])
    runner.send()


def _run_cases(runner: Runner, source: str, function: str, cases: list[Any]) -> None:
    """Report one frame for each case, with its value or exception; a single frame if there is no such function."""
    namespace = fresh_namespace()
    outcome = runner.execute(source, namespace)
    if outcome.error is None and not callable(namespace.get(function)):
        outcome = CodeOutcome("error", f"NameError: the code defines no function named {function!r}")
    if outcome.error is not None:
        runner.report(Frame(0, *outcome, "", "", False, None, 0.0, 0.0))
        return
    for index, arguments in enumerate(cases):
        runner.report(runner.call_case(index, namespace, function, decode(arguments)))
        runner.send()  # a later case may end the process
