"""What can be tested of work on Ray without Ray; `test_ray.py` has the clusters."""

from __future__ import annotations

import sys
import threading

import pytest

from agentprop.engine.cluster import StdoutWithoutRay, check_address
from agentprop.errors import RunError


def test_what_threads_of_ray_print_is_no_part_of_the_product(capsys: pytest.CaptureFixture[str]) -> None:
    stream = StdoutWithoutRay(sys.stdout)
    for name in ("ray_listen_error_messages", "ours"):
        thread = threading.Thread(target=print, args=(f"by {name}",), kwargs={"file": stream}, name=name)
        thread.start()
        thread.join()
    assert capsys.readouterr() == ("by ours\n", "by ray_listen_error_messages\n")


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "127.0.0.1:99999"])
def test_an_address_at_which_nobody_listens_is_refused_at_once(address: str) -> None:
    with pytest.raises(RunError, match=f"no Ray cluster answers at {address}: "):
        check_address(address)


def test_an_address_that_is_no_host_and_port_is_left_to_ray() -> None:
    check_address("auto")
