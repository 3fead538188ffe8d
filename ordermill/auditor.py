"""`python -m ordermill.auditor`: looks now and again whether everything ties, and says so on the topic `audit-reports`.

It asks what `ordermill check` asks, as the role that can only read.  The longer a look takes the rarer it looks, so
that what it costs stays a small share of one core.
"""

from __future__ import annotations

import asyncio
import signal
import time
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

import asyncpg
import structlog
import uvloop
from aiokafka.errors import KafkaError
from pydantic import Field
from pydantic_settings import SettingsConfigDict

from chassis import Settings, logs
from chassis.errors import OutageError, describe
from chassis.health import Health, Trouble, watched
from chassis.kafka import Publisher
from chassis.metrics import Metrics
from contracts.auditor import LawsChecked
from ordermill.check.report import report_of
from ordermill.check.snapshot import snapshot_at
from ordermill.errors import CommandError
from ordermill.world.speech import outgoing

_LOG: Final = structlog.stdlib.get_logger(__name__)
_OUTAGES: Final = (CommandError, OutageError, KafkaError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
CLOSE_S: Final = 5.0
RETRY_S: Final = 5.0
ONE_CORE: Final = "set local max_parallel_workers_per_gather = 0"


class AuditorSettings(Settings):
    """What an operator may set about the auditor, beside what every service has."""

    model_config = SettingsConfigDict(env_prefix="AUDITOR_")

    share: float = Field(
        0.01, gt=0, le=1, description="of one core, at most: a look counts as busy from its beginning to its end"
    )
    pause_min_s: float = Field(
        10.0, gt=0, description="between two looks: sooner than this nobody reads a report, however little it costs"
    )


class AuditorMetrics(Metrics):
    """What the auditor counts beside what every process does."""

    def __init__(self) -> None:
        super().__init__("auditor")
        self._laws = self._gauge("laws", "Laws by what the last look found of them", "outcome")
        self._taken = self._gauge("audit_timestamp_seconds", "When the last look that came to an end was taken")
        self._seconds = self._gauge("audit_seconds", "How long the last look took")

    def looked(self, report: LawsChecked) -> None:
        """Note what a look found."""
        not_asked = sum(len(each.laws) for each in report.not_asked)
        outcomes = {"broken": len(report.broken), "not_asked": not_asked}
        for outcome, number in {"held": report.laws - sum(outcomes.values()), **outcomes}.items():
            self._laws[outcome,].set(number)
        self._taken[()].set(report.taken_at.timestamp())
        self._seconds[()].set(report.took_ms / 1000)


def pause_after(took_s: float, settings: AuditorSettings) -> float:
    """How long to rest after a look: database and client take turns, so that it costs one core at most its own time."""
    return max(settings.pause_min_s, took_s / settings.share - took_s)


class Auditor:
    """Looks, tells, rests."""

    def __init__(self, settings: AuditorSettings) -> None:
        self._settings = settings
        self._metrics, self._health = AuditorMetrics(), Health()
        self._metrics.build(settings.version)
        self._publisher = Publisher(settings.kafka, f"auditor-{settings.instance}")
        self._stop = asyncio.Event()
        self._is_cut_off = False

    async def serve(self) -> None:
        """Work until SIGTERM or SIGINT; a look that is under way then is given up."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._stop.set)
        settings = self._settings
        address = (settings.health_host, settings.health_port)
        async with watched(self._health, self._metrics, address, self._probe) as port:
            _LOG.info("auditor_started", health_port=port)
            working = asyncio.create_task(self._work())
            stopping = asyncio.create_task(self._stop.wait())
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
            for task in (working, stopping):
                task.cancel()
            # A client that waits for a broker may swallow being told to end.
            await asyncio.wait({working, asyncio.ensure_future(self._publisher.stop())}, timeout=CLOSE_S)
        if working.done() and not working.cancelled():
            working.result()
        _LOG.info("auditor_stopped")

    async def _probe(self) -> None:
        """Tell what the last look found of the database."""
        if self._is_cut_off:
            raise OutageError

    async def _work(self) -> None:
        await self._publisher.start(self._settings.start_patience_s)
        self._health.well(Trouble.LANES)
        while True:
            began = time.monotonic()
            try:
                await self._look()
            except _OUTAGES as error:
                _LOG.warning("look_given_up", reason=describe(error))
                self._is_cut_off = True
                await asyncio.sleep(RETRY_S)
            else:
                self._is_cut_off = False
                await asyncio.sleep(pause_after(time.monotonic() - began, self._settings))

    async def _look(self) -> None:
        began = time.monotonic()
        async with snapshot_at(self._settings.kafka, self._settings.database_url.get_secret_value()) as snapshot:
            await snapshot.connection.execute(ONE_CORE)
            report = await report_of(snapshot, str(uuid4()))
        report = report.model_copy(update={"took_ms": round((time.monotonic() - began) * 1000)})
        await self._publisher.publish([outgoing(report, datetime.now(UTC))])
        self._metrics.looked(report)
        told = _LOG.error if report.broken else _LOG.info
        told("laws_checked", laws=report.laws, broken=[each.law for each in report.broken], took_ms=report.took_ms)


def main() -> None:
    """Run the auditor."""
    settings = AuditorSettings()
    logs.configure("auditor", settings.instance, settings.log_level)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(Auditor(settings).serve())


if __name__ == "__main__":
    main()
