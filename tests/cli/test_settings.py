"""Defaults < agentprop.toml < --config < environment < flags, and nothing unknown anywhere."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentprop.cli.settings import read_env_file, resolve
from agentprop.config import STAGES, ExtractConfig, ProposeConfig, TrainMgpoConfig, VerifyConfig
from agentprop.errors import ConfigError
from agentprop.notices import note

from .conftest import Run

SOURCES: dict[str, dict[str, Any]] = {
    "project": {"directory": "seed = 1\n[propose]\nseed = 2\n"},
    "file": {"file": {"seed": 3}},
    "env file": {"directory": None, "env_file": "AGENTPROP_SEED=4\n"},
    "environment": {"environ": {"AGENTPROP_SEED": "5"}},
    "narrow environment": {"environ": {"AGENTPROP_SEED": "5", "AGENTPROP_PROPOSE_SEED": "6"}},
    "assignment": {"assignments": ["seed=7"]},
    "flag": {"flags": {"seed": 8}},
}
SEEDS = dict(zip(SOURCES, range(2, 9), strict=True))


def settle(tmp_path: Path, *sources: str) -> ProposeConfig:
    """A propose config from some of the sources."""
    options: dict[str, Any] = {"flags": {"n": 1}, "environ": {}, "directory": tmp_path}
    for source in sources:
        given = dict(SOURCES[source])
        if text := given.pop("directory", None):
            (tmp_path / "agentprop.toml").write_text(text)
        if text := given.pop("env_file", None):
            (tmp_path / ".env").write_text(text)
        if "file" in given:
            (tmp_path / "c.json").write_text(json.dumps(given.pop("file")))
            options["file"] = str(tmp_path / "c.json")
        for key, value in given.items():
            options[key] = {**options.get(key, {}), **value} if isinstance(value, dict) else value
    return resolve(ProposeConfig, **options)


@pytest.mark.parametrize("last", range(len(SOURCES)))
def test_a_later_source_wins_over_every_earlier_one(last: int, tmp_path: Path) -> None:
    names = list(SOURCES)[: last + 1]
    assert settle(tmp_path, *names).seed == SEEDS[names[-1]]


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_alone_counts(source: str, tmp_path: Path) -> None:
    assert settle(tmp_path, source).seed == SEEDS[source]


def test_without_any_source_there_are_defaults(tmp_path: Path) -> None:
    assert settle(tmp_path) == ProposeConfig(n=1)


def test_a_flag_that_was_not_given_hides_nothing(tmp_path: Path) -> None:
    config = resolve(ProposeConfig, flags={"n": 2, "seed": None}, environ={"AGENTPROP_SEED": "5"}, directory=tmp_path)
    assert config.seed == 5


def test_settings_of_one_stage_do_not_reach_another(tmp_path: Path) -> None:
    (tmp_path / "agentprop.toml").write_text("workers = 3\n[propose]\nn = 5\nseed = 9\n")
    config = resolve(VerifyConfig, environ={"AGENTPROP_PROPOSE_WORKERS": "7"}, directory=tmp_path)
    assert (config.seed, config.workers) == (0, 3)


def test_models_in_the_project_file_are_somebody_elses(tmp_path: Path) -> None:
    (tmp_path / "agentprop.toml").write_text('seed = 4\n[models.small]\nbase_url = "http://localhost:1/v1"\n')
    assert resolve(VerifyConfig, environ={}, directory=tmp_path).seed == 4


def test_no_line_of_the_env_file_reaches_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = "PYTHONPATH=/evil\nLD_PRELOAD=/evil.so\nhttps_proxy=http://evil\nPATH=/evil\nTOY_KEY=secret\n"
    (tmp_path / ".env").write_text(f"{hostile}AGENTPROP_SEED=3\n")
    monkeypatch.setattr(os, "environ", {"TOY_SET": "theirs"})
    assert resolve(VerifyConfig, directory=tmp_path).seed == 3
    assert os.environ == {"TOY_SET": "theirs"}


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("agentprop.toml", "allow_weak_sandbox = true"),
        ("agentprop.toml", "[verify]\nallow_weak_sandbox = true"),
        (".env", "AGENTPROP_ALLOW_WEAK_SANDBOX=1"),
        (".env", "AGENTPROP_VERIFY_ALLOW_WEAK_SANDBOX=1"),
    ],
)
def test_no_file_of_the_directory_gives_up_the_isolation(file: str, text: str, tmp_path: Path) -> None:
    (tmp_path / file).write_text(text)
    with pytest.raises(ConfigError, match=f"allow_weak_sandbox cannot be set in {file}"):
        resolve(VerifyConfig, environ={}, directory=tmp_path)
    (tmp_path / file).unlink()
    asked = {"AGENTPROP_ALLOW_WEAK_SANDBOX": "1"}
    assert resolve(VerifyConfig, environ=asked, directory=tmp_path).allow_weak_sandbox


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("AGENTPROP_PORT", "AGENTPROP_PORT in the environment is not a setting and is ignored"),
        ("AGENTPROP_WORKER", "AGENTPROP_WORKER (did you mean AGENTPROP_WORKERS?) in the environment"),
        ("AGENTPROP_PROPOSE_SEAD", "AGENTPROP_PROPOSE_SEAD (did you mean AGENTPROP_PROPOSE_SEED?)"),
    ],
)
def test_an_unknown_variable_of_the_environment_is_told_of_and_ignored(
    name: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    note.cache_clear()
    assert resolve(ProposeConfig, flags={"n": 1}, environ={name: "tcp://10.0.0.1:80"}, directory=tmp_path).n == 1
    assert told in capsys.readouterr().err


def test_an_empty_variable_is_no_setting(tmp_path: Path) -> None:
    assert resolve(VerifyConfig, environ={"AGENTPROP_WORKERS": ""}, directory=tmp_path).workers is None


def test_variables_of_other_programs_are_left_alone(tmp_path: Path) -> None:
    assert resolve(VerifyConfig, environ={"SEED": "5", "MY_AGENTPROP_SEED": "6"}, directory=tmp_path).seed == 0


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("c.toml", 'n = 4\ndomain = "coding"\nskills = ["a", "b"]\nmax_cost = 1.5\n'),
        ("c.yaml", "n: 4\ndomain: coding\nskills: [a, b]\nmax_cost: 1.5\n"),
        ("c.json", '{"n": 4, "domain": "coding", "skills": ["a", "b"], "max_cost": 1.5, "workers": null}'),
    ],
)
def test_settings_files_of_all_kinds_mean_the_same(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    config = resolve(ProposeConfig, file=str(tmp_path / name), environ={}, directory=tmp_path)
    assert config == ProposeConfig(n=4, domain="coding", skills=("a", "b"), max_cost=1.5)


@pytest.mark.parametrize(
    "config",
    [
        ExtractConfig(sources=("a.jsonl", "b/*.md"), limit=5),
        ProposeConfig(n=7, max_minutes=0.5, categories=("decay",)),
        VerifyConfig(skills=("x",)),
    ],
)
def test_a_stored_config_gives_back_itself(config: Any, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(config.model_dump(mode="json")))
    assert resolve(type(config), file=str(tmp_path / "config.json"), environ={}, directory=tmp_path) == config


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("domain=none", None),
        ("domain=coding", "coding"),
        ("verifier=none", ("none",)),
        ("workers=null", None),
        ("workers=3", 3),
        ("prune=false", False),
        ("prune=1", True),
        ("mined_share=0.25", 0.25),
        ("skills=a, b", ("a", "b")),
        ("skills=", ()),
        ('skills=["a,b"]', ("a,b",)),
        ("mined-share=0.5", 0.5),
    ],
)
def test_assignments_are_read_by_the_type_of_their_setting(text: str, value: Any, tmp_path: Path) -> None:
    config = resolve(ProposeConfig, flags={"n": 1}, assignments=[text], environ={}, directory=tmp_path)
    assert getattr(config, text.partition("=")[0].replace("-", "_")) == value


@pytest.mark.parametrize("text", ["{draft=1.5, check=2}", '{"draft": 1.5, "check": 2}', "{ draft = 1.5, check = 2.0 }"])
def test_a_table_is_an_assignment_as_toml_or_json_writes_it(text: str, tmp_path: Path) -> None:
    given = {"flags": {"model": "m"}, "environ": {}, "directory": tmp_path}
    assert resolve(TrainMgpoConfig, assignments=[f"stage_weights={text}"], **given).stage_weights == {
        "draft": 1.5,
        "check": 2.0,
    }
    assert resolve(TrainMgpoConfig, assignments=["stage_weights=null"], **given).stage_weights is None


@pytest.mark.parametrize("text", ["draft", "draft=1.5", "{draft", "{draft=}", "3"])
def test_what_is_no_table_is_refused_and_told_how_one_is_written(text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="stage_weights is not a table") as refused:
        resolve(
            TrainMgpoConfig,
            flags={"model": "m"},
            assignments=[f"stage_weights={text}"],
            environ={},
            directory=tmp_path,
        )
    assert refused.value.hint == "write it as in {one=2} or {one='two', three='four'}"


UNKNOWN: list[tuple[dict[str, Any], str, str]] = [
    ({"project": "sede = 3"}, "sede in agentprop.toml", "seed"),
    ({"project": "[propose]\nsede = 3"}, "sede in [propose] of agentprop.toml", "seed"),
    ({"project": "[propos]\nseed = 3"}, "propos in agentprop.toml", "propose"),
    ({"env_file": "AGENTPROP_SEDE=3"}, "AGENTPROP_SEDE in .env", "AGENTPROP_SEED"),
    ({"assignments": ["sede=3"]}, "sede in --set", "seed"),
]


@pytest.mark.parametrize(("source", "message", "near"), UNKNOWN)
def test_an_unknown_setting_is_refused_with_the_nearest(
    source: Mapping[str, Any], message: str, near: str, tmp_path: Path
) -> None:
    options = {"environ": {}, "flags": {"n": 1}, **source}
    (tmp_path / "agentprop.toml").write_text(options.pop("project", ""))
    (tmp_path / ".env").write_text(options.pop("env_file", ""))
    with pytest.raises(ConfigError) as caught:
        resolve(ProposeConfig, directory=tmp_path, **options)
    assert message in caught.value.message
    assert caught.value.hint == f"did you mean {near}?"


def test_a_wrong_value_is_told_with_the_place_it_came_from(tmp_path: Path) -> None:
    (tmp_path / "agentprop.toml").write_text("[propose]\nn = 0\n")
    with pytest.raises(ConfigError, match=r"n must be at least 1, not 0 \(agentprop.toml\)"):
        resolve(ProposeConfig, environ={}, directory=tmp_path)


def test_a_default_that_another_setting_makes_wrong_is_told_as_one(tmp_path: Path) -> None:
    for text, told in (
        ("tau_pos=2", "tau_neg must be at least tau_pos"),
        ("cov_low=7", "cov_high must be above cov_low"),
    ):
        with pytest.raises(ConfigError, match=told) as refused:
            resolve(TrainMgpoConfig, flags={"model": "m"}, assignments=[text], environ={}, directory=tmp_path)
        assert refused.value.message.endswith("(its default)")


def test_env_files_may_have_quotes_exports_and_comments(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# mine\nexport A=1\nB = 'two # words'\nC=\"x\" # why\nD=y # why\nbroken line\n")
    assert read_env_file(tmp_path / ".env") == {"A": "1", "B": "two # words", "C": "x", "D": "y"}


@given(st.text())
def test_any_text_as_an_assignment_is_read_or_refused(text: str) -> None:
    try:
        config = resolve(ProposeConfig, flags={"n": 1}, assignments=[text], environ={}, directory=Path("/nonexistent"))
    except ConfigError as error:
        assert error.hint
    else:
        assert isinstance(config, ProposeConfig)


def test_every_setting_is_documented() -> None:
    for config in STAGES.values():
        assert all(field.description for field in config.model_fields.values())


def test_what_may_change_on_resuming_is_a_setting() -> None:
    for config in STAGES.values():
        assert config.outside_identity <= config.model_fields.keys()


def test_a_dry_run_prints_settings_that_rerun_it(agentprop: Run, tmp_path: Path) -> None:
    first = agentprop("propose", "--n", 3, "--out", "new", "--domain", "coding", "--set", "max_turns=9", "--dry-run")
    (tmp_path / "c.json").write_text(first.stdout)
    again = agentprop("propose", "--config", "c.json", "--out", "new", "--dry-run")
    assert (first.returncode, again.returncode) == (0, 0)
    assert again.stdout == first.stdout
    assert json.loads(first.stdout)["max_turns"] == 9
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("given", ["file", "assignment", "environment"])
def test_a_former_name_of_a_setting_goes_on_working_with_a_notice(
    given: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    note.cache_clear()
    former = "edits = false\nprober_tokens = 9\n" if given == "file" else ""
    (tmp_path / "c.toml").write_text(f'model = "m"\n{former}')
    config = resolve(
        TrainMgpoConfig,
        file=str(tmp_path / "c.toml"),
        assignments=["edits=false", "prober_tokens=9"] if given == "assignment" else [],
        environ={"AGENTPROP_EDITS": "no", "AGENTPROP_PROBER_TOKENS": "9"} if given == "environment" else {},
        directory=tmp_path,
    )
    assert (config.prune, config.prober_reply_tokens) == (False, 9)
    told = capsys.readouterr().err
    assert "note: the setting edits" in told and "is now called prune" in told


MORE_EXACT = {
    "sources",
    "names",
    "temperature",
    "reply_tokens",
    "held_out",
    "verifier",
    "k",
    "algorithm",
    "model",
    "schedule",
    "mask_cut_off",
    "beta",
    "difficulty",
}
"""Settings that each stage describes in its own words."""


def test_a_setting_has_one_meaning_in_every_stage() -> None:
    own: dict[str, set[str]] = {}
    for kind in STAGES.values():
        for name, field in kind.model_fields.items():
            own.setdefault(name, set()).add(" ".join((field.description or "").split()))
    different = {name for name, told in own.items() if len(told) > 1}
    assert different == MORE_EXACT, "declare it once, in config/parts.py"
