"""What /proc tells of processes."""

import os

from ordermill.bench.machine import (
    TICKS_A_SECOND,
    Stat,
    cpu_by_title_s,
    cpu_s,
    memory_bytes,
    parse_memory,
    parse_stat,
    trees,
)

STAT = "4711 (post (gres) x) S 17 4711 4711 0 -1 4194560 100 200 0 0 30 12 5 3 20 0 1 0 99 1000 200"


def test_a_stat_line_is_read_behind_a_name_with_parentheses() -> None:
    assert parse_stat(STAT) == Stat(4711, 17, 50 / TICKS_A_SECOND)


def test_a_tree_holds_all_descendants_of_its_root() -> None:
    stats = [Stat(1, 0, 0), Stat(10, 1, 1.0), Stat(11, 10, 2.0), Stat(12, 11, 4.0), Stat(20, 1, 8.0)]
    found = trees(stats, {"postgres": 10, "kafka": 20})
    assert {name: sum(stat.cpu_s for stat in tree) for name, tree in found.items()} == {"postgres": 7.0, "kafka": 8.0}


def test_a_process_that_is_gone_has_used_nothing() -> None:
    assert trees([Stat(1, 0, 0)], {"gone": 99}) == {"gone": []}


def test_memory_counts_a_fair_share_of_what_is_shared() -> None:
    assert parse_memory("00400000-7ff [rollup]\nRss:     900 kB\nPss:     512 kB\nPss_Dirty: 1 kB\n") == 512 * 1024


def test_our_own_process_has_memory_and_time() -> None:
    ours = {"ours": os.getpid()}
    assert memory_bytes(ours)["ours"] > 0
    assert cpu_s(ours)["ours"] > 0
    assert sum(cpu_by_title_s(os.getpid()).values()) > 0
