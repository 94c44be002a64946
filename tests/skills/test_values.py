"""Values ↔ text: what is drawn is written, recognised and read back, for every kind and every bundled parameter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentprop.skills import Package
from agentprop.skills.values import Parameter, draw, faults, misfit, parse, pattern, render

KINDS: dict[str, dict[str, Any]] = {
    "integer": {"min": -50, "max": 50},
    "large integer": {"kind": "integer", "min": 1, "max": 10**12, "log": True},
    "one of some": {"kind": "integer", "values": [2, 3, 5]},
    "rational": {"min": -3, "max": 3, "max_denominator": 9},
    "decimal": {"min": -2, "max": 30, "digits": 2, "unit": "m/s"},
    "whole decimal": {"kind": "decimal", "min": 1, "max": 90, "digits": 0},
    "choice": {"values": ["rotation", "rotation and reflection"]},
    "string": {"alphabet": "abc", "length": [0, 6]},
    "list": {"length": [0, 6], "min": -9, "max": 9},
    "set": {"kind": "list", "length": [3, 6], "min": -9, "max": 9, "distinct": True, "sorted": True, "style": "set"},
    "words": {"alphabet": "ab", "length": [1, 4], "word_length": [0, 3]},
    "point": {"min": -9, "max": 9},
    "points": {"length": [1, 5], "min": -2, "max": 2},
    "matrix": {"rows": [1, 3], "cols": [1, 3], "min": -9, "max": 9},
    "polynomial": {"degree": [0, 12], "min": -3, "max": 3, "variable": "t"},
    "graph": {"nodes": [2, 8], "connected": True},
    "weighted graph": {"kind": "graph", "nodes": [2, 8], "weights": [1, 30]},
    "directed graph": {"kind": "graph", "nodes": [3, 12], "directed": True, "acyclic": True},
}


def parameter(name: str) -> Parameter:
    return Parameter.model_validate({"kind": name, **KINDS[name]})


@pytest.mark.parametrize("name", KINDS)
def test_a_declaration_of_every_kind_is_faultless(name: str) -> None:
    assert faults(parameter(name)) == []


@pytest.mark.parametrize("math", [False, True])
@pytest.mark.parametrize("name", KINDS)
def test_what_is_written_is_recognised_and_read_back(name: str, math: bool) -> None:
    p = parameter(name)
    for seed in range(200):
        value = draw(p, Random(seed))
        text = render(p, value, math=math)
        assert misfit(p, value) is None
        assert re.fullmatch(pattern(p, math=math), text), text
        back = parse(p, text, math=math)
        assert (back, type(back)) == (value, type(value))


@pytest.mark.parametrize("name", KINDS)
def test_one_text_for_one_value(name: str) -> None:
    p, rng = parameter(name), Random(name)
    for _ in range(300):
        text = render(p, draw(p, rng))
        place = rng.randrange(len(text))
        other = text[:place] + rng.choice("0123456789-,. x+") + text[place + rng.choice((0, 1)) :]
        if re.fullmatch(pattern(p), other):
            try:
                assert render(p, parse(p, other)) == other
            except (ValueError, ZeroDivisionError):
                continue


def test_every_parameter_of_the_library_is_read_back(library: Mapping[str, Package]) -> None:
    for name, package in library.items():
        for key, p in package.spec.parameters.items():
            for seed in range(20):
                value = draw(p, Random(f"{name}/{key}/{seed}"))
                assert [parse(p, render(p, value, math=m), math=m) for m in (False, True)] == [value, value]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("integer", "007"),
        ("integer", "+7"),
        ("integer", "-0"),
        ("integer", "7.0"),
        ("rational", "6/4"),
        ("rational", "4/1"),
        ("rational", "1/0"),
        ("decimal", "2.5 m/s"),
        ("decimal", "2.500 m/s"),
        ("decimal", "2.50 km/s"),
        ("decimal", "2.50"),
        ("list", "[1,2]"),
        ("list", "[1, 2"),
        ("list", "[01]"),
        ("points", "(1,2)"),
        ("polynomial", "t^2 + 0t"),
        ("polynomial", "4 + t^2"),
        ("polynomial", "1t"),
        ("polynomial", "t + t"),
        ("string", '"a""'),
        ("string", "abc"),
        ("matrix", r"\begin{pmatrix} 1 & \\ 2 \end{pmatrix}"),
        ("graph", "1-2,2-3"),
        ("graph", "01-2"),
        ("choice", "Rotation"),
        ("weighted graph", "1-2"),
        ("directed graph", "1-2"),
    ],
)
def test_another_spelling_is_refused(name: str, text: str) -> None:
    p = parameter(name)
    if re.fullmatch(pattern(p), text):
        with pytest.raises((ValueError, ZeroDivisionError)):
            parse(p, text)


@given(st.sampled_from(sorted(KINDS)), st.text(max_size=30), st.booleans())
def test_parsing_any_text_is_a_value_error_at_worst(name: str, text: str, math: bool) -> None:
    p = parameter(name)
    if re.fullmatch(pattern(p, math=math), text):
        try:
            assert render(p, parse(p, text, math=math), math=math) == text
        except (ValueError, ZeroDivisionError):
            return


@pytest.mark.parametrize(
    ("name", "value", "fits"),
    [
        ("integer", 50, True),
        ("integer", 51, False),
        ("integer", -51, False),
        ("integer", True, False),
        ("integer", 3.0, False),
        ("integer", Fraction(4, 2), False),
        ("one of some", 5, True),
        ("one of some", 4, False),
        ("rational", 2, True),
        ("rational", Fraction(7, 2), False),
        ("rational", 0.5, False),
        ("decimal", 30, True),
        ("decimal", 30.01, False),
        ("decimal", float("nan"), False),
        ("choice", "rotation", True),
        ("choice", "reflection", False),
        ("list", [1, 2], True),
        ("list", [1, True], False),
        ("list", [1.0], False),
        ("list", (1, 2), False),
        ("set", [1, 1, 2], False),
        ("set", [2, 1, 3], False),
        ("matrix", [[1, 2], [3]], False),
        ("points", [(1, 1), (1, 1)], False),
        ("graph", [(1, 2), (2, 1)], False),
        ("graph", [(1, 1)], False),
        ("graph", [(1, 2), (3, 4)], False),
        ("graph", [(2, 3), (1, 2)], True),
        ("graph", [(0, 1), (1, 2), (2, 3)], False),
        ("directed graph", [(0, 2)], False),
        ("directed graph", [(2, 1)], False),
        ("directed graph", [(1, 2), (1, 2)], False),
        ("string", 5, False),
    ],
)
def test_a_value_fits_its_port_or_is_refused_with_a_reason(name: str, value: Any, fits: bool) -> None:
    assert (misfit(parameter(name), value) is None) is fits


FAULTY: list[dict[str, Any]] = [
    {"kind": "integer"},
    {"kind": "integer", "min": 1},
    {"kind": "integer", "min": 5, "max": 1},
    {"kind": "integer", "min": 1.2, "max": 1.8},
    {"kind": "integer", "values": ["a"]},
    {"kind": "integer", "min": 1, "max": 2, "digits": 3},
    {"kind": "rational", "min": 0.51, "max": 0.52, "max_denominator": 5},
    {"kind": "choice", "values": []},
    {"kind": "rational", "min": 0, "max": 1, "max_denominator": 1},
    {"kind": "decimal", "min": 0.001, "max": 0.004, "digits": 2},
    {"kind": "decimal", "min": 0, "max": 1, "digits": -1},
    {"kind": "decimal", "min": 0, "max": 1, "digits": 99},
    {"kind": "string", "alphabet": 'a"', "length": [3, 3]},
    {"kind": "list", "length": [4, 2], "min": 0, "max": 1},
    {"kind": "list", "length": [1, 10**9], "min": 0, "max": 1},
    {"kind": "list", "length": [9, 9], "min": 0, "max": 1, "distinct": True},
    {"kind": "polynomial", "degree": [2, 2], "min": 0, "max": 0},
    {"kind": "graph", "nodes": [-1, 4]},
    {"kind": "polynomial", "degree": [2, 2], "min": -3, "max": 3, "variable": "1"},
    {"kind": "matrix", "rows": [0, 0], "min": 0, "max": 1},
    {"kind": "graph"},
    {"kind": "point", "min": 0, "max": 3, "unit": "m"},
]


@pytest.mark.parametrize("declaration", FAULTY, ids=str)
def test_a_declaration_that_cannot_be_used_is_a_fault(declaration: dict[str, Any]) -> None:
    assert faults(Parameter.model_validate(declaration))


def test_things_whose_value_a_parameter_takes_need_a_role() -> None:
    declared = {"kind": "decimal", "min": 1, "max": 9, "of": ["oil"]}
    assert faults(Parameter.model_validate(declared)) == ["`of` needs a `role`"]
    assert not faults(Parameter.model_validate({**declared, "role": "temperature"}))


def test_a_limit_that_a_value_of_the_data_can_exceed_is_drawn(library: Mapping[str, Package]) -> None:
    parcels = library["coding-judge-first-fit"].spec.parameters
    assert parcels["c"].high < parcels["xs"].high  # or no parcel alone is too heavy


def test_infinite_bounds_are_refused() -> None:
    with pytest.raises(ValueError):
        Parameter(kind="integer", min=float("-inf"), max=3)
