"""Every scenario of the suite, under one seed at once and under many when there is time.

`core` is what `antiphon simulate tests/scenarios/core --runs 1000` proves in minutes; `more` holds variants.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from antiphon.testing.course import course
from antiphon.testing.scenario_checks import unmet_in
from antiphon.testing.scenario_file import find_scenarios, load_scenario
from antiphon.testing.simulation import hold, simulate
from effort import seeds

FOLDER = Path(__file__).parent.parent / "scenarios"
PATHS = find_scenarios([FOLDER])


def _check(path: Path, seed: int) -> None:
    scenario = load_scenario(path)
    call = hold(scenario, seed)
    unmet = unmet_in(scenario.expect, call)
    assert not unmet, "\n".join([f"{scenario.name}, seed {seed}:", *unmet, course(call)])


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name.removesuffix(".scenario.toml"))
def test_scenario(path: Path) -> None:
    _check(path, seed=0)


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name.removesuffix(".scenario.toml"))
def test_scenario_under_many_seeds(path: Path) -> None:
    for seed in seeds(20):
        _check(path, 100 + seed)


def test_every_scenario_is_named_like_its_file() -> None:
    assert [load_scenario(path).name for path in PATHS] == [p.name.split(".")[0] for p in PATHS]


@pytest.mark.parametrize("name", ["lossy-network", "barge-in-twice", "tts-hangs"])
def test_a_seed_gives_the_same_call_byte_for_byte(name: str) -> None:
    scenario = load_scenario(next(FOLDER.rglob(f"{name}.scenario.toml")))
    once = simulate(scenario, 7)
    assert once == simulate(scenario, 7)
    assert once.fingerprint != simulate(scenario, 8).fingerprint
