"""What training gained and lost: four cells, the exact test, pass@k of both and where they cross."""

from __future__ import annotations

import pytest

from agentprop.grading.support import Support, crossing, curve, support


def test_the_cells_are_those_of_a_table_by_hand() -> None:
    before = [(8, 1), (8, 0), (8, 3), (8, 0), (8, 0)]
    after = [(8, 8), (8, 1), (8, 0), (8, 0), (8, 2)]
    assert support(before, after) == Support(kept=1, gained=2, lost=1, never=1)


@pytest.mark.parametrize(("gained", "lost", "p"), [(5, 1, 0.21875), (0, 0, 1.0), (6, 0, 0.03125), (3, 3, 1.0)])
def test_mcnemars_p_is_exact(gained: int, lost: int, p: float) -> None:
    assert Support(0, gained, lost, 0).p == p == Support(0, lost, gained, 0).p


def test_the_curve_is_unbiased_and_leaves_out_what_was_tried_too_little() -> None:
    assert curve([(16, 3), (4, 4)], [1, 2, 4, 8, 16]) == pytest.approx([0.1875, 0.35, 0.607143, 0.9, 1.0], abs=1e-6)
    assert curve([(16, 14)], [4])[0] == 1.0  # no four attempts without a right one


def test_the_curves_cross_where_the_earlier_model_is_as_good_from_then_on() -> None:
    ks = [1, 2, 4, 8]
    assert crossing([0.1, 0.3, 0.5, 0.8], [0.4, 0.5, 0.5, 0.6], ks) == 4
    assert crossing([0.1, 0.6, 0.5, 0.8], [0.4, 0.5, 0.6, 0.7], ks) == 8
    assert crossing([0.1, 0.2, 0.3, 0.4], [0.2, 0.3, 0.4, 0.5], ks) is None


def test_without_a_lead_of_the_later_model_nothing_is_crossed() -> None:
    ks = [1, 2, 4, 8]
    assert crossing([0.0] * 4, [0.0] * 4, ks) is None
    assert crossing([0.3, 0.4, 0.5, 0.6], [0.2, 0.3, 0.4, 0.5], ks) is None
