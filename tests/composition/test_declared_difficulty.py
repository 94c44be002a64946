"""The declared difficulty: what it is made of, and what asking for one gives."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from agentprop.composition.ablation import ClauseCounts
from agentprop.composition.difficulty import BANDS, WEIGHTS, declare, spread
from agentprop.composition.efforts import EFFORTS
from agentprop.composition.terms import Apply, Given, Total, Variable
from agentprop.config import ProposeConfig
from agentprop.errors import ConfigError
from agentprop.records import Problem
from agentprop.skills import load
from agentprop.stages.common.aims import aim_of
from agentprop.stages.propose import run as propose
from agentprop.storage.run import open_run

PLACES = Apply("combinatorics-fixed-points", (("n", Given("5")), ("k", Given("2"))))
ZEROS = Apply("number-theory-factorial-zeros", (("n", PLACES), ("b", Given("12"))))


def test_features_are_those_counted_by_hand() -> None:
    """Work is log2(1 + 5 + 2 + 12) and digits log2(1 + 3); 25 of 50 words; 1 of 4 givens is loose."""
    clauses = ClauseCounts({"givens": 4, "loose": 1}, (), digits=3)
    found = declare(ZEROS, load([]), "word " * 25, clauses).features
    assert (found.steps, found.skills, found.depth) == (2, 2, 2)
    assert (found.work, found.digits, found.length, found.loose) == (
        4.32,
        2.0,
        0.5,
        0.25,
    )  # log2 20, log2 4, 25/50, 1/4


def test_score_is_the_weighted_sum_and_the_band_follows_from_it() -> None:
    declared = declare(ZEROS, load([]), "word " * 25, ClauseCounts({"givens": 4, "loose": 1}, (), digits=3))
    assert declared.score == pytest.approx(
        0.55 * 2 + 0.35 * 2 + 0.25 * 2 + 0.22 * 4.32 + 0.3 * 2 + 0.05 - 0.5 * 0.25, abs=0.005
    )
    assert declared.band == 1


def test_a_sweep_a_longer_way_and_longer_values_make_a_problem_harder_and_loose_givens_easier() -> None:
    library, plain = load([]), ClauseCounts({"givens": 3, "loose": 0}, (), digits=3)
    base = declare(PLACES, library, "w", plain).score
    swept = Total("m", 3, 40, PLACES.with_argument("n", Variable("m")))
    assert declare(swept, library, "w", plain).score > base
    assert declare(ZEROS, library, "w", plain).score > base
    assert declare(PLACES, library, "w", ClauseCounts({"givens": 3}, (), digits=30)).score > base
    assert declare(PLACES, library, "w", ClauseCounts({"givens": 3, "loose": 3}, (), digits=3)).score < base
    assert WEIGHTS["loose"] < 0


def test_higher_levels_plan_more() -> None:
    assert len(EFFORTS) == len(BANDS)
    assert all(a.depths <= b.depths and a.branches <= b.branches for a, b in pairwise(EFFORTS))


def test_quantiles_of_few_problems_are_scores_of_problems() -> None:
    assert spread({}) == {"bands": {}, "quantiles": {}}
    assert spread({5.5: 1})["quantiles"] == dict.fromkeys(("5%", "25%", "50%", "75%", "95%"), 5.5)


@pytest.mark.parametrize("text", ["0..3", "4..3", "3", "2..6", "rho:0.5", "rho:0.9..0.2", "rho:0..2"])
def test_a_difficulty_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="LO"):
        ProposeConfig(n=1, difficulty=text)


def test_a_model_cannot_be_steered() -> None:
    with pytest.raises(ValueError, match="built-in proposer"):
        ProposeConfig(n=1, difficulty="3..4", proposer="some-model")


def test_pass_rates_need_a_calibration_and_the_hint_names_probe(tmp_path: Path) -> None:
    for where in (None, str(tmp_path), str(tmp_path / "none.json")):
        with pytest.raises(ConfigError) as refused:
            aim_of(ProposeConfig(n=1, difficulty="rho:0.25..0.75", calibration=where))
        assert "probe --calibrate" in (refused.value.hint or "")
    (tmp_path / "calibration.json").write_text("{}")
    with pytest.raises(ConfigError, match="cannot be read"):
        aim_of(ProposeConfig(n=1, difficulty="rho:0.25..0.75", calibration=str(tmp_path)))


def test_what_is_accepted_is_as_difficult_as_asked_for_and_the_summary_says_so(tmp_path: Path) -> None:
    config = ProposeConfig(n=6, difficulty="4..4", domain="mathematics", workers=1, max_candidates=96)
    told = propose.run(config, str(tmp_path / "hard"), quiet=True)["difficulty"]
    found = [one.difficulty for one in open_run(tmp_path / "hard").iter(Problem)]
    assert [one.band for one in found if one is not None] == [4] * 6
    assert (told["asked"], told["bands"]) == ("4..4", {"4": 6})
    assert told["missed"] >= 0
