"""Dashboards and alerts: generated, well formed, about metrics that there are, with a runbook that can be followed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from functools import cache
from typing import Any

import promql_parser
import pytest
from grafana_foundation_sdk.models.dashboard import Dashboard
from prometheus_client.parser import text_string_to_metric_families

from tests.deploy.test_containers import CHECKOUT, HEALTH_PORT, staying
from tools import monitoring
from tools.reference import specimens

ALERTS = {alert.name: alert for alert in monitoring.ALERTS}
BOARDS = {name: json.loads(text) for name, text in monitoring.dashboards()}
PROMTOOL = shutil.which("promtool")
GRID = 24
# Prometheus' own, and what it adds to every series it scrapes.
OF_PROMETHEUS, OF_SCRAPING = {"up": set[str]()}, {"job", "instance", "process"}
RUNBOOKS = sorted((CHECKOUT / "docs" / "runbooks").glob("*.md"))


@cache
def exported() -> dict[str, set[str]]:
    """Every series that our processes export, with its labels."""
    found = dict(OF_PROMETHEUS)
    for page in specimens().values():
        for family in text_string_to_metric_families(page.decode()):
            for sample in family.samples:
                found.setdefault(sample.name, set()).update(sample.labels)
    return found


def panels() -> list[tuple[str, dict[str, Any]]]:
    return [(name, panel) for name, board in BOARDS.items() for panel in board["panels"] if panel["type"] != "row"]


def expressions() -> dict[str, str]:
    """Every expression, by where it stands."""
    found = {name: alert.expr for name, alert in ALERTS.items()}
    for name, panel in panels():
        for number, target in enumerate(panel["targets"]):
            expr = target["expr"].replace("$__rate_interval", "5m").replace("$service", "billing")
            found[f"{name}: {panel['title']} {number}"] = expr
    return found


def named_in(expr: str) -> tuple[set[str], set[str]]:
    """The series and the labels that an expression names."""
    series: set[str] = set()
    labels: set[str] = set()

    def visit(node: Any) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            series.add(str(node.name))
            labels.update(matcher.name for matcher in node.matchers.matchers)
        elif isinstance(node, promql_parser.AggregateExpr) and node.modifier:
            labels.update(node.modifier.labels)

    promql_parser.walk(promql_parser.parse(expr), visit)
    return series, labels


def test_what_is_committed_is_what_the_script_writes() -> None:
    stale = [str(path) for path, text in monitoring.wanted() if path.read_text(encoding="utf-8") != text]

    assert stale == [], "run make generate"


@pytest.mark.parametrize("place", expressions())
def test_every_expression_asks_for_series_that_are_exported(place: str) -> None:
    series, labels = named_in(expressions()[place])

    assert series
    assert series <= exported().keys()
    assert labels <= set().union(*(exported()[name] for name in series), OF_SCRAPING)


def test_an_expression_about_nothing_would_be_noticed() -> None:
    series, labels = named_in('sum by (colour) (rate(ordermill_made_up_total{shape="round"}[5m]))')

    assert (series, labels) == ({"ordermill_made_up_total"}, {"colour", "shape"})
    assert not series <= exported().keys()


def test_every_metric_of_ours_is_on_a_dashboard() -> None:
    shown = {name for expr in expressions().values() for name in named_in(expr)[0]}
    roots = {re.sub(r"_(bucket|sum|count|created|total)$", "", name) for name in exported() if "ordermill" in name}

    assert {root for root in roots if not any(name.startswith(root) for name in shown)} == set()


@pytest.mark.parametrize("name", BOARDS)
def test_a_dashboard_is_one_that_grafana_reads(name: str) -> None:
    board = BOARDS[name]

    assert Dashboard.from_json(board).title == board["title"]
    assert board["uid"]
    assert [panel["title"] for panel in board["panels"] if not panel["title"]] == []
    for panel in [panel for panel in board["panels"] if panel["type"] != "row"]:
        place = panel["gridPos"]
        assert 0 <= place["x"] <= place["x"] + place["w"] <= GRID
        assert panel["datasource"]["uid"] == "$source", "each Grafana has its own"


def test_no_two_panels_of_a_dashboard_lie_on_each_other() -> None:
    for name, board in BOARDS.items():
        taken: set[tuple[int, int]] = set()
        for panel in board["panels"]:
            at = panel["gridPos"]
            cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
            assert not cells & taken, f"{name}: {panel['title']}"
            taken |= cells


def test_prometheus_asks_every_process_that_tells_how_it_is() -> None:
    assert set(monitoring.TARGETS) == staying().keys() - {"world"}


def test_prometheus_asks_every_instance_of_a_process_by_its_name() -> None:
    written = monitoring.scraping()

    assert f"dns_sd_configs:\n      - type: A\n        port: {HEALTH_PORT}\n        names:\n" in written
    assert "- source_labels: [__meta_dns_name]\n        target_label: process\n" in written
    assert re.findall(r"^ {10}- (.+)$", written, re.MULTILINE) == list(monitoring.TARGETS)


@pytest.mark.parametrize("alert", ALERTS.values(), ids=lambda alert: alert.name)
def test_every_alert_has_a_runbook_and_a_test_of_its_own(alert: monitoring.Alert) -> None:
    tested = (CHECKOUT / "deploy/prometheus/alerts_test.yml").read_text(encoding="utf-8")
    fires = re.findall(r"alertname: (\w+)\n +exp_alerts:\n +- exp_labels", tested)

    assert (CHECKOUT / monitoring.RUNBOOKS / f"{alert.runbook}.md").exists()
    assert alert.name in fires


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed: the alerts are not run")
@pytest.mark.parametrize("command", [("check", "config", "prometheus.yml"), ("test", "rules", "alerts_test.yml")])
def test_promtool_accepts_the_files_and_sees_alerts_fire(command: tuple[str, ...]) -> None:
    *words, name = command
    done = subprocess.run(
        [str(PROMTOOL), *words, f"deploy/prometheus/{name}"], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
