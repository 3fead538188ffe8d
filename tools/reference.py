"""Write the reference pages out of the code: every setting, every metric, every command.

`python -m tools.reference` writes them into `docs/reference`; a test fails when one is stale.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Final, get_origin

from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

import chassis
from chassis.metrics import Metrics
from contracts.auditor import LawsChecked
from ordermill.auditor import AuditorMetrics, AuditorSettings
from ordermill.cli import root
from ordermill.world.world import Settings as WorldSettings
from services.billing.settings import Patience
from services.billing.settings import Settings as BillingSettings
from services.console.core.figures import DEFINITIONS, Day, Name, figure_of
from services.console.settings import Settings as ConsoleSettings
from services.console.settings import WebSettings
from services.console.web.metrics import WebMetrics
from services.fulfillment.settings import ApiSettings as FulfillmentApi
from services.fulfillment.settings import Practice
from services.fulfillment.settings import Settings as FulfillmentSettings
from services.intake.api.metrics import EdgeMetrics
from services.intake.settings import EdgeSettings
from services.intake.settings import Settings as IntakeSettings
from services.inventory.settings import Settings as InventorySettings
from services.notifications.settings import Settings as NotificationsSettings
from services.shipping.settings import ApiSettings as ShippingApi
from services.shipping.settings import Settings as ShippingSettings

PAGES: Final = Path(__file__).resolve().parents[1] / "docs" / "reference"
WRITTEN: Final = "<!-- Written by `make generate` (tools/reference.py); do not edit. -->"

SETTINGS: Final = """\
# Settings

Read from the environment once, at start. A wrong one ends the start and says what it should be. `NAME_FILE=path` stands
for `NAME=<what the file holds>`, as containers hand out secrets.
"""
METRICS: Final = """\
# Metrics

For Prometheus, at `/metrics` of each process, beside `/live` and `/ready`. The scrape configuration, the alerts and the
dashboards of `deploy` are generated for them. Each process also tells its CPU, memory and open files (`process_…`).
"""

# Every process, with what is read at its start.
PROCESSES: Final[dict[str, tuple[type[BaseSettings], ...]]] = {
    "intake": (IntakeSettings,),
    "intake's HTTP edge (`python -m services.intake api`)": (EdgeSettings,),
    "inventory": (InventorySettings,),
    "fulfillment": (FulfillmentSettings, Practice),
    "fulfillment's packing slips (`python -m services.fulfillment api`)": (FulfillmentApi,),
    "shipping": (ShippingSettings,),
    "shipping's labels (`python -m services.shipping api`)": (ShippingApi,),
    "billing": (BillingSettings, Patience),
    "notifications": (NotificationsSettings,),
    "console": (ConsoleSettings,),
    "the console's pages (`python -m services.console web`)": (WebSettings,),
    "auditor (`python -m ordermill.auditor`)": (AuditorSettings,),
    "the simulated outside world (`python -m ordermill.world`)": (WorldSettings,),
}


# --- settings ---------------------------------------------------------------------------------------------------------


def settings() -> str:
    """Write the page of settings: what all services share, then what each adds or sets otherwise."""
    parts = [
        SETTINGS,
        "## Every service\n",
        "The name begins with the service's: `INVENTORY_BATCH_SIZE`.\n",
        _table(chassis.Settings, "<SERVICE>_", {}),
    ]
    for process, kinds in PROCESSES.items():
        parts.append(f"## {process[0].upper()}{process[1:]}\n")
        tables = [table for kind in kinds if (table := _table(kind, _prefix(kind), chassis.Settings.model_fields))]
        parts += tables or ["Only what every service has.\n"]
    return _page(parts)


def _table(kind: type[BaseSettings], prefix: str, known: Mapping[str, FieldInfo]) -> str:
    """Write a class's settings, but those that are `known` and the same."""
    rows = [
        f"| `{_variable(name, field, prefix)}` | {_default(field)} | {_cell(field.description or '')} |"
        for name, field in kind.model_fields.items()
        if name not in known or field.default != known[name].default
    ]
    return "\n".join(["| setting | default | what it is |", "|---|---|---|", *rows, ""]) if rows else ""


def _prefix(kind: type[BaseSettings]) -> str:
    return str(kind.model_config["env_prefix"])


def _variable(name: str, field: FieldInfo, prefix: str) -> str:
    return str(field.validation_alias or prefix + name.upper())


def _default(field: FieldInfo) -> str:
    value = field.default
    if field.default_factory is not None:
        return "made at start"
    if value is PydanticUndefined:
        return "**required**"
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if value in (None, "", (), {}):
        return "-"
    if isinstance(value, Enum):
        value = value.value
    is_json = get_origin(field.annotation) in (tuple, list, dict, frozenset)
    return f"`{json.dumps(value) if is_json else value}`".replace("`True`", "`true`").replace("`False`", "`false`")


# --- metrics ----------------------------------------------------------------------------------------------------------


def specimens() -> dict[str, bytes]:
    """Give the metrics page of every kind of process, each metric with a value."""
    metrics = Metrics("billing")
    metrics.batch(1, 0.1, {("a.type", "handled"): 1})
    metrics.group("a.type", 0.1)
    metrics.lag("a-topic", 1, 1.0)
    metrics.outbox(1, 0.5)
    metrics.later({"dead": (1, 1.0)})
    metrics.call("a.call", "answered")
    metrics.breaker("a.call", is_open=True)
    metrics.event_loop(0.1)
    metrics.troubles({"broker_silent": 1.0})
    edge, web, auditor = EdgeMetrics(), WebMetrics(lambda: 1), AuditorMetrics()
    for each in (metrics, edge, web, auditor):
        each.build("1")
    with edge.timed("/v1/orders"):
        pass
    web.answered("flow", 200, 0.1)
    day = Day(day=date(2026, 5, 5), numerator=Decimal(1), denominator=1)
    web.figures([figure_of(DEFINITIONS[Name.K14], "EUR", [day])])
    at = datetime(2026, 5, 5, tzinfo=UTC)
    auditor.looked(LawsChecked(report_id="r", taken_at=at, took_ms=1, laws=1, unbalanced=0))
    return {
        "Every service": metrics.page(),
        "Intake's HTTP edge": edge.page(),
        "The console's pages": web.page(),
        "Auditor": auditor.page(),
    }


def metrics() -> str:
    """Write the page of metrics."""
    parts = [METRICS]
    for process, page in specimens().items():
        parts += [f"## {process}\n", "| metric | kind | labels | what it is |", "|---|---|---|---|"]
        for family in text_string_to_metric_families(page.decode()):
            if family.samples and family.name.startswith("ordermill_") and not family.name.endswith("_created"):
                labels = sorted({label for sample in family.samples for label in sample.labels} - {"le"})
                name = f"{family.name}_total" if family.type == "counter" else family.name
                cells = (f"`{name}`", family.type, ", ".join(labels) or "-", _cell(family.documentation))
                parts.append(f"| {' | '.join(cells)} |")
        parts.append("")
    return _page(parts)


# --- commands ---------------------------------------------------------------------------------------------------------


def commands() -> str:
    """Write the page of the command line: what `--help` says, of every command."""
    ours, sys.argv = sys.argv, ["ordermill"]  # a group of commands is told about by what runs
    try:
        text = root(None).generate_docs(output_format="markdown")
    finally:
        sys.argv = ours
    head, _, _ = text.partition("\n## Table of Contents")
    return _page([head.replace("# ordermill", "# Commands", 1), text[text.index("\n## ordermill up") :]])


# --- files ------------------------------------------------------------------------------------------------------------


def wanted() -> Iterator[tuple[Path, str]]:
    """Each page with the text that it must have."""
    yield PAGES / "settings.md", settings()
    yield PAGES / "metrics.md", metrics()
    yield PAGES / "commands.md", commands()


def main() -> int:
    """Write what is stale; tell which pages."""
    for path, text in wanted():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"written: {path.relative_to(PAGES.parents[1])}\n")
    return 0


def _page(parts: list[str]) -> str:
    return "\n".join([WRITTEN, *parts]).rstrip() + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    raise SystemExit(main())
