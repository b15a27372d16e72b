"""What a guest gets when the wall clock of every service jumps, as after a clock was set."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.services import Backends
from services.platform.errors import Unavailable
from tests.cluster import Cluster
from tests.integration.cluster.conftest import filled
from tests.integration.cluster.steady_load import SteadyLoad

pytestmark = [pytest.mark.integration, pytest.mark.faults]

# Python reads the sitecustomize.py in it before anything else.
SITE = Path(__file__).with_name("jumpy_clock")


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that says how far the services' clock is off, in seconds."""
    file = tmp_path_factory.mktemp("clock") / "offset"
    set_clock(file, 0)
    return file


def set_clock(file: Path, offset_s: int) -> None:
    """Set the clock, at once for all who read it."""
    new = file.with_suffix(".new")
    new.write_text(str(offset_s))
    new.replace(file)


@pytest.fixture(scope="module")
def jumpy(
    backends: Backends, clock: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    """One replica of each service under a clock that can be set."""
    folder = tmp_path_factory.mktemp("jumpy")
    settings = {"PYTHONPATH": str(SITE), "TEST_CLOCK_FILE": str(clock)}
    with filled(Cluster(folder, backends, settings=settings)) as running:
        yield running


@pytest.mark.parametrize("jump_s", [3_600, -3_600])
async def test_a_clock_that_jumps_costs_at_most_the_searches_under_way(
    jumpy: Cluster, clock: Path, jump_s: int
) -> None:
    async with SteadyLoad(jumpy.target) as searches:
        await searches.until_whole()
        jumped_at = searches.now()
        set_clock(clock, jump_s)
        await searches.until_whole(last=30)
        set_clock(clock, 0)
        await searches.until_whole(last=30)
    failed = [o.error for o in searches.since(jumped_at) if o.error is not None]
    assert all(isinstance(error, Unavailable) and error.reason for error in failed)
