"""The auditor's report: what it tells of the laws, how large it can become, and how often it is made."""

import re
from datetime import UTC, datetime

import pytest

from chassis.wire import SAID_BYTES_MAX
from contracts.auditor import ROWS_MAX, LawsChecked
from ordermill.auditor import AuditorMetrics, AuditorSettings, pause_after
from ordermill.check import Finding, every_law
from ordermill.check.report import BALANCED, told

AT = datetime(2026, 5, 5, 9, 30, tzinfo=UTC)
LAWS = every_law()
SETTINGS = AuditorSettings(ORDERMILL_KAFKA="localhost:9092", database_url="postgresql://localhost/ordermill")


def report(findings: list[Finding]) -> LawsChecked:
    return told("r-1", AT, findings, [{"account": "cash", "currency": "EUR", "balance": 7}])


def test_a_report_tells_what_breaks_and_what_was_not_asked() -> None:
    broken = Finding(LAWS[0], rows=[{"order_id": number, "units": None} for number in range(7)])
    skipped = [Finding(law, skipped="3 messages are on their way") for law in LAWS[1:3]]

    said = report([broken, *skipped, Finding(LAWS[3])])

    assert said.laws == 4
    assert [(each.law, each.number, each.rows[0]) for each in said.broken] == [
        (LAWS[0].name, 7, {"order_id": "0", "units": "None"})
    ]
    assert [each.laws for each in said.not_asked] == [(LAWS[1].name, LAWS[2].name)]


def test_the_rows_of_the_ledgers_law_are_what_is_unbalanced() -> None:
    law = next(law for law in LAWS if law.name == BALANCED)

    assert report([Finding(law, rows=[{"transaction_id": "t"}, {"transaction_id": "u"}])]).unbalanced == 2
    assert report([Finding(law)]).unbalanced == 0


def test_a_report_of_nothing_but_broken_laws_is_still_sent() -> None:
    row = {f"column_{number}": "x" * 10_000 for number in range(12)}

    said = report([Finding(law, rows=[row] * 1_000) for law in LAWS])

    assert all(len(each.rows) == ROWS_MAX for each in said.broken)
    assert len(said.encode()) < SAID_BYTES_MAX


@pytest.mark.parametrize(("took_s", "pause_s"), [(0.01, 10), (0.5, 49.5), (30, 2_970)])
def test_looks_cost_a_hundredth_of_a_core_at_most(took_s: float, pause_s: float) -> None:
    assert pause_after(took_s, SETTINGS) == pytest.approx(pause_s)
    assert took_s / (took_s + pause_after(took_s, SETTINGS)) <= SETTINGS.share + 1e-9


def test_the_metrics_of_a_look_add_up_to_all_laws() -> None:
    metrics = AuditorMetrics()

    metrics.looked(
        report([Finding(LAWS[0], rows=[{"order_id": 1}]), Finding(LAWS[1], skipped="busy"), Finding(LAWS[2])])
    )

    page = metrics.page().decode()
    for outcome in ("held", "broken", "not_asked"):
        assert f'ordermill_laws{{outcome="{outcome}",service="auditor"}} 1.0' in page
    [taken] = re.findall(r"^ordermill_audit_timestamp_seconds.* (.+)$", page, re.MULTILINE)
    assert float(taken) == AT.timestamp()
