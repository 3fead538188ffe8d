"""The outside world of the scenarios: the same for every mark, with a memory of what it was asked."""

from collections import Counter
from dataclasses import dataclass

from contracts.payment import PaymentOperation
from ordermill.world.reply import Reply, Temper
from ordermill.world.world import Settings
from tests.faults.workload import MARK
from tests.pipeline.outside import PatientWorld, ScriptedChance


@dataclass(frozen=True)
class PlainChance(ScriptedChance):
    """Chance that knows scenarios' subjects by their plain names."""

    def number(self, *about: object) -> float:
        """The same number for every scenario's own."""
        return super().number(*(MARK.sub("", str(part)) for part in about))


class RememberingWorld(PatientWorld):
    """A world whose payment provider can be asked what it did."""

    def __init__(self, settings: Settings, temper: Temper) -> None:
        super().__init__(settings, temper)
        self.operations: Counter[tuple[str, str]] = Counter()
        """Minor units by kind of operation and payment; the same request counts once, as it does at the provider."""

    def _send(self, reply: Reply) -> None:
        # The provider decides a request once, and says so once.
        if isinstance(reply.event, PaymentOperation) and reply.event.request_id:
            self.operations[type(reply.event).__name__, reply.event.reference] += reply.event.amount or 0
        super()._send(reply)
