"""A body becomes the runs it asks for: jobs, calls of one function, or one half of a pair."""

from __future__ import annotations

from typing import Any

from . import pair
from .codec import decode
from .runner import Ending, Frame, Runner, fresh_namespace


def run_body(body: dict[str, Any]) -> None:
    """Run what the body asks for and flush what it printed."""
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
    """One frame for each case, its value or what it raised; a single frame where there is no function to call."""
    namespace = fresh_namespace()
    ending = runner.execute(source, namespace)
    if ending.error is None and not callable(namespace.get(function)):
        ending = Ending("error", f"NameError: the code defines no function named {function!r}")
    if ending.error is not None:
        runner.report(Frame(0, *ending, "", "", False, None, 0.0, 0.0))
        return
    for index, arguments in enumerate(cases):
        runner.report(runner.call_case(index, namespace, function, decode(arguments)))
        runner.send()  # a later case may end the process
