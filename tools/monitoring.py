"""Write what watches a running pipeline: Prometheus' scrape configuration and alerts, Grafana's dashboards.

`python -m tools.monitoring` writes them into `deploy`; with `--check` it writes nothing and fails when a file is stale.
The metrics are those that `libs/chassis/metrics.py`, the edge, the pages and the auditor export; tests compare.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grafana_foundation_sdk.builders.dashboard import Dashboard, DatasourceVariable, QueryVariable, Row
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.builders.stat import Panel as Stat
from grafana_foundation_sdk.builders.timeseries import Panel as Timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import DataSourceRef

from contracts.topics import DEAD_LETTERS

DEPLOY = Path(__file__).resolve().parents[1] / "deploy"
RUNBOOKS = "docs/runbooks"
HEALTH_PORT = 8080
# Every process that tells how it is, as docker-compose.yml calls them.
SERVICES = tuple(map(str, DEAD_LETTERS))
TARGETS = (*SERVICES, "intake-api", "shipping-api", "fulfillment-api", "console", "console-web", "auditor")
SOURCE = DataSourceRef(type_val="prometheus", uid="$source")
OF_SERVICE = 'service=~"$service"'
WIDTH, HEIGHT = 8, 7  # three panels a row of Grafana's 24 columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Something a person must look at, and where it is written what to do."""

    name: str
    expr: str
    lasting: str
    severity: str
    summary: str
    runbook: str


ALERTS = (
    Alert(
        name="ProcessDown",
        expr='up{job="ordermill"} == 0',
        lasting="1m",
        severity="page",
        summary="{{ $labels.process }} at {{ $labels.instance }} does not answer",
        runbook="process-down",
    ),
    Alert(
        # What ends takes its name out of the DNS, and with it the series that ProcessDown looks at. Three days: a
        # weekend, after which somebody has looked.
        name="ProcessMissing",
        expr=(
            'count by (process) (count_over_time(up{job="ordermill"}[3d]))'
            ' unless count by (process) (up{job="ordermill"})'
        ),
        lasting="1m",
        severity="page",
        summary="there is no {{ $labels.process }}",
        runbook="process-down",
    ),
    Alert(
        name="LanesHalted",
        expr='max by (service) (ordermill_trouble_seconds{trouble="stopped_by_poison_flood"}) > 0',
        lasting="0m",
        severity="page",
        summary="{{ $labels.service }} has stopped: too many messages fail, or a revision is missing",
        runbook="halted",
    ),
    Alert(
        name="NotReady",
        expr='max by (service, trouble) (ordermill_trouble_seconds{trouble!="stopped_by_poison_flood"}) > 60',
        lasting="1m",
        severity="page",
        summary="{{ $labels.service }} is not ready: {{ $labels.trouble }}",
        runbook="not-ready",
    ),
    Alert(
        name="FallingBehind",
        expr="max by (service) (ordermill_lag_seconds) > 60",
        lasting="2m",
        severity="page",
        summary="{{ $labels.service }} works on messages that are {{ $value | humanizeDuration }} old",
        runbook="lag",
    ),
    Alert(
        name="MessagesFail",
        expr=(
            'sum by (service) (rate(ordermill_messages_total{outcome=~"failed|dead"}[5m]))'
            " / sum by (service) (rate(ordermill_messages_total[5m])) > 0.01"
        ),
        lasting="5m",
        severity="page",
        summary="{{ $labels.service }} cannot handle {{ $value | humanizePercentage }} of its messages",
        runbook="halted",
    ),
    Alert(
        name="DeadLetters",
        expr='max by (service) (ordermill_later_rows{reason="dead"}) > 0',
        lasting="1m",
        severity="ticket",
        summary="{{ $value }} messages rest in {{ $labels.service }}",
        runbook="dead-letters",
    ),
    Alert(
        name="WaitsTooLong",
        expr='max by (service) (ordermill_later_oldest_seconds{reason="early"}) > 900',
        lasting="5m",
        severity="ticket",
        summary="a message in {{ $labels.service }} waits {{ $value | humanizeDuration }} for what must come first",
        runbook="waiting",
    ),
    Alert(
        name="CallsHeldBack",
        expr="max by (service, type) (ordermill_breaker_open) > 0",
        lasting="5m",
        severity="ticket",
        summary="{{ $labels.service }} does not reach whom it calls: {{ $labels.type }}",
        runbook="outside-calls",
    ),
    Alert(
        name="EdgeFails",
        expr=(
            'sum(rate(ordermill_edge_requests_total{status=~"5.."}[5m]))'
            " / sum(rate(ordermill_edge_requests_total[5m])) > 0.01"
        ),
        lasting="5m",
        severity="page",
        summary="{{ $value | humanizePercentage }} of the orders posted over HTTP are not taken",
        runbook="edge",
    ),
    Alert(
        name="LawsBroken",
        expr='max(ordermill_laws{outcome="broken"}) > 0',
        lasting="0m",
        severity="page",
        summary="{{ $value }} laws over stock, money, orders or logs do not hold",
        runbook="laws",
    ),
    Alert(
        name="AuditorSilent",
        expr="time() - max(ordermill_audit_timestamp_seconds) > 3600",
        lasting="5m",
        severity="ticket",
        summary="nobody has asked the laws for {{ $value | humanizeDuration }}",
        runbook="laws",
    ),
    Alert(
        name="CostAboveMargin",
        expr=(
            'max by (currency) (ordermill_figure{figure="K14"})'
            ' > max by (currency) (ordermill_figure{figure="K14-margin"})'
        ),
        lasting="30m",
        severity="ticket",
        summary="sending an order costs more than selling it leaves, over all that were paid in {{ $labels.currency }}",
        runbook="cost-above-margin",
    ),
)
ALL = {alert.name: alert for alert in ALERTS}


# --- Prometheus -------------------------------------------------------------------------------------------------------

_HEAD = "# Written by `make generate` (tools/monitoring.py); do not edit.\n"


def alerts() -> str:
    """The rules file."""
    return _HEAD + "groups:\n  - name: ordermill\n    rules:\n" + "".join(map(_rule, ALERTS))


def _rule(alert: Alert) -> str:
    return f"""\
      - alert: {alert.name}
        expr: {json.dumps(alert.expr)}
        for: {alert.lasting}
        labels:
          severity: {alert.severity}
        annotations:
          summary: {json.dumps(alert.summary)}
          runbook: {RUNBOOKS}/{alert.runbook}.md
"""


def scraping() -> str:
    """Prometheus' own configuration: whom to ask, how often, and by which rules.

    A name has as many addresses as there are instances, and each is asked.
    """
    names = "".join(f"          - {name}\n" for name in TARGETS)
    return f"""\
{_HEAD}global:
  scrape_interval: 15s
  evaluation_interval: 15s
rule_files:
  - alerts.yml
scrape_configs:
  - job_name: ordermill
    dns_sd_configs:
      - type: A
        port: {HEALTH_PORT}
        names:
{names}    relabel_configs:
      - source_labels: [__meta_dns_name]
        target_label: process
"""


# --- Grafana ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Chart:
    """One panel: lines over time, or with `is_number` the last value."""

    title: str
    unit: str
    queries: Mapping[str, str]  # legend and expression
    description: str = ""
    is_number: bool = False


def _largest(metric: str, by: str = "service", where: str = OF_SERVICE) -> dict[str, str]:
    """Of what every instance tells about the whole, the largest counts."""
    return {_legend(by): f"max by ({by}) ({metric}{{{where}}})"}


def _a_second(metric: str, by: str = "service", where: str = OF_SERVICE) -> dict[str, str]:
    return {_legend(by): f"sum by ({by}) (rate({metric}{{{where}}}[$__rate_interval]))"}


def _p95(metric: str, by: str = "service", where: str = OF_SERVICE) -> dict[str, str]:
    buckets = f"sum by ({by}, le) (rate({metric}_bucket{{{where}}}[$__rate_interval]))"
    return {_legend(by): f"histogram_quantile(0.95, {buckets})"}


def _legend(by: str) -> str:
    return " ".join(f"{{{{{label}}}}}" for label in by.split(", "))


_DEAD, _EARLY = f'{OF_SERVICE}, reason="dead"', f'{OF_SERVICE}, reason="early"'
_HANDLED = f'{OF_SERVICE}, outcome="handled"'
_WAITING = _largest("ordermill_later_rows", "service, reason")[_legend("service, reason")]
_SIZES = [_a_second(f"ordermill_batch_size_{part}")[_legend("service")] for part in ("sum", "count")]
_BUSY = _a_second("ordermill_handler_seconds_sum", "service, type")[_legend("service, type")]
_UNREST = {"taken over": "takeovers", "fenced": "fenced", "in doubt": "doubts"}

PIPELINE = {
    "Flow": (
        Chart("Messages handled", "ops", _a_second("ordermill_messages_total", where=_HANDLED)),
        Chart(
            "Behind, in messages",
            "short",
            {_legend("service"): f"sum by (service) (ordermill_lag_messages{{{OF_SERVICE}}})"},
        ),
        Chart("Behind, in seconds", "s", _largest("ordermill_lag_seconds")),
    ),
    "What is not handled now": (
        Chart("Dead letters", "short", _largest("ordermill_later_rows", where=_DEAD)),
        Chart("Waiting, by reason", "short", {_legend("reason"): f"sum by (reason) ({_WAITING})"}),
        Chart("Longest wait for what must come first", "s", _largest("ordermill_later_oldest_seconds", where=_EARLY)),
        Chart("Messages by outcome", "ops", _a_second("ordermill_messages_total", "outcome")),
        Chart("Announced, not yet published", "short", _largest("ordermill_outbox_rows")),
        Chart("Oldest announcement not yet published", "s", _largest("ordermill_outbox_age_seconds")),
        Chart("Not ready", "s", _largest("ordermill_trouble_seconds", "service, trouble")),
    ),
    "How it works": (
        Chart("A batch, p95", "s", _p95("ordermill_batch_seconds")),
        Chart("Messages a batch", "short", {_legend("service"): " / ".join(_SIZES)}),
        Chart("Handlers, seconds a second", "percentunit", {_legend("service, type"): f"topk(8, {_BUSY})"}),
        Chart("CPU", "percentunit", _a_second("process_cpu_seconds_total", "process, instance", 'job="ordermill"')),
        Chart("Memory", "bytes", _largest("process_resident_memory_bytes", "process, instance", 'job="ordermill"')),
        Chart("Event loop late by", "s", _largest("ordermill_event_loop_lag_seconds")),
        Chart("Processes, by version", "short", {_legend("version"): "sum by (version) (ordermill_build_info)"}),
        Chart(
            "Lanes taken over, batches fenced, commits in doubt",
            "ops",
            {
                legend: f"sum(rate(ordermill_{name}_total{{{OF_SERVICE}}}[$__rate_interval]))"
                for legend, name in _UNREST.items()
            },
        ),
    ),
    "Calls to the outside": (
        Chart("Calls by outcome", "ops", _a_second("ordermill_calls_total", "type, outcome")),
        Chart("Held back", "short", _largest("ordermill_breaker_open", "service, type")),
    ),
}
DESK = {
    "Does it tie": (
        Chart("Laws broken", "short", {"laws": ALL["LawsBroken"].expr.partition(" >")[0]}, is_number=True),
        Chart(
            "Laws by outcome",
            "short",
            _largest("ordermill_laws", "outcome", ""),
            "Laws between services are asked only when nothing is on its way.",
        ),
        Chart("Since the last look", "s", {"ago": ALL["AuditorSilent"].expr.partition(" >")[0]}, is_number=True),
        Chart("A look takes", "s", {"seconds": "max(ordermill_audit_seconds)"}),
    ),
    "Orders over HTTP": (
        Chart("Requests by answer", "ops", _a_second("ordermill_edge_requests_total", "status, code", "")),
        Chart("Answered, p95", "s", _p95("ordermill_edge_seconds", "path", "")),
        Chart("In hand", "short", {"requests": "sum(ordermill_edge_requests_in_hand)"}),
    ),
    "The console": (
        Chart("Pages by status", "ops", _a_second("ordermill_console_requests_total", "status", "")),
        Chart("A page, p95", "s", _p95("ordermill_console_seconds", "page", "")),
        Chart("Told live", "short", {"viewers": "sum(ordermill_console_viewers)"}),
        Chart("The read model is behind", "s", _largest("ordermill_lag_seconds", where='service="console"')),
        Chart(
            "Cost and margin of an order",
            "short",
            _largest("ordermill_figure", "figure, currency", ""),
            "K14 and what it must stay below, over 30 days, in each currency's smallest unit.",
        ),
    ),
}


def dashboards() -> Iterator[tuple[str, str]]:
    """Each dashboard's file name and text."""
    yield "pipeline.json", _dashboard("ordermill-pipeline", "Ordermill: the pipeline", PIPELINE, of_service=True)
    yield "desk.json", _dashboard("ordermill-desk", "Ordermill: laws, edge and console", DESK)


def _dashboard(uid: str, title: str, rows: Mapping[str, Sequence[Chart]], *, of_service: bool = False) -> str:
    board = (
        Dashboard(title)
        .uid(uid)
        .tags(["ordermill"])
        .refresh("15s")
        .time("now-1h", "now")
        .readonly()
        .with_variable(DatasourceVariable("source").label("Prometheus").type("prometheus"))
    )
    if of_service:
        named = QueryVariable("service").label("Service").datasource(SOURCE)
        query = "label_values(ordermill_trouble_seconds, service)"
        board = board.with_variable(named.query(query).multi(multi=True).include_all(include_all=True).all_value(".+"))
    for name, charts in rows.items():
        board = board.with_row(Row(name))
        for chart in charts:
            board = board.with_panel(_panel(chart))
    return JSONEncoder(sort_keys=True, indent=2).encode(board.build()) + "\n"


def _panel(chart: Chart) -> Stat | Timeseries:
    panel: Stat | Timeseries = Stat() if chart.is_number else Timeseries()
    panel = panel.title(chart.title).description(chart.description).unit(chart.unit).datasource(SOURCE)
    for legend, expr in chart.queries.items():
        panel = panel.with_target(Dataquery().expr(expr).legend_format(legend))
    return panel.span(WIDTH).height(HEIGHT)


# --- files ------------------------------------------------------------------------------------------------------------


def wanted() -> Iterator[tuple[Path, str]]:
    """Each generated file with the text that it must have."""
    yield DEPLOY / "prometheus" / "alerts.yml", alerts()
    yield DEPLOY / "prometheus" / "prometheus.yml", scraping()
    for name, text in dashboards():
        yield DEPLOY / "grafana" / "dashboards" / name, text


def main(arguments: Sequence[str]) -> int:
    """Write, or check with `--check`; tell which files are concerned."""
    stale = [(path, text) for path, text in wanted() if not path.exists() or path.read_text(encoding="utf-8") != text]
    is_check = list(arguments) == ["--check"]
    for path, text in stale:
        if not is_check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{'stale' if is_check else 'written'}: {path.relative_to(DEPLOY.parent)}\n")
    return int(is_check and bool(stale))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
