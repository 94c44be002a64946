"""What is printed while work runs on Ray: ours to stdout, Ray's to stderr. `test_ray.py` has the clusters."""

from __future__ import annotations

import sys
import threading

import pytest

from agentprop.engine.cluster import StdoutWithoutRay


def test_what_threads_of_ray_print_is_no_part_of_the_product(capsys: pytest.CaptureFixture[str]) -> None:
    stream = StdoutWithoutRay(sys.stdout)
    for name in ("ray_listen_error_messages", "ours"):
        thread = threading.Thread(target=print, args=(f"by {name}",), kwargs={"file": stream}, name=name)
        thread.start()
        thread.join()
    assert capsys.readouterr() == ("by ours\n", "by ray_listen_error_messages\n")
