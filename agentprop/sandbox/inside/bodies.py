"""A body → the runs it asks for: jobs, calls of one function, or one half of a pair."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import pair
from .codec import decode
from .lending import PROGRAM
from .meter import Meter
from .runner import CodeOutcome, Frame, Runner, fresh_namespace, overrun
from .targets import find


def run_body(body: dict[str, Any]) -> None:
    """Run a body and send its frames."""
    runner = Runner()
    match body["mode"]:
        case "jobs":
            runner.run_jobs(body["sources"], body["jobs"])
        case "values":
            _run_cases(runner, body)
        case "candidate":
            pair.serve_program(runner, body)
        case "tests":
            pair.run_tests(runner, body)
    runner.send()


def _run_cases(runner: Runner, body: Mapping[str, Any]) -> None:
    """One frame for each case, its value or what it raised; a single frame where there is no function to call."""
    namespace = fresh_namespace(PROGRAM)
    meter = Meter(body["ticks"]) if body["ticks"] is not None else None
    runner.importer.serve(body["modules"])
    ending = runner.execute(body["shared"], namespace)
    if ending.error is None:
        ending = runner.execute(body["source"], namespace, meter)
        ending = overrun(meter) or ending
    function = find(namespace, body["function"])
    if ending.error is None and function is None:
        ending = CodeOutcome(
            "error", f"NameError: the code defines no function named {body['function'].split('|')[0]!r}"
        )
    if ending.error is not None or function is None:
        runner.report(Frame(0, *ending, "", "", False, None, 0.0, 0.0))
        return
    for index, arguments in enumerate(body["cases"]):
        runner.report(runner.call_case(index, function, decode(arguments), meter))
        runner.send()  # a later case may end the process
