"""PostgreSQL's settings, as this machine needs them."""

from pathlib import Path

import pytest

from ordermill.stack import postgres


@pytest.mark.parametrize(("memory", "buffers"), [(256, 128), (4_096, 1_024), (8_192, 2_048), (65_536, 2_048)])
def test_a_quarter_of_the_memory_holds_pages_within_bounds(memory: int, buffers: int) -> None:
    assert postgres.buffers_mb(memory) == buffers


@pytest.mark.parametrize(("limit", "told"), [(str(64 << 20), 64), ("max", None), (None, None)])
def test_a_container_may_use_less_than_its_machine_has(limit: str | None, told: int | None, tmp_path: Path) -> None:
    container = tmp_path / "memory.max"
    if limit:
        container.write_text(f"{limit}\n")
    machine = postgres.memory_mb(tmp_path / "nothing")

    assert postgres.memory_mb(container) == (told or machine)
