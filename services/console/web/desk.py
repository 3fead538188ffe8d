"""What every page is made from."""

from dataclasses import dataclass

from services.console.gateway.broker import Broker
from services.console.gateway.decisions import Decisions
from services.console.gateway.mailbox import Mailbox
from services.console.gateway.reader import Reader
from services.console.settings import WebSettings
from services.console.store import Source
from services.console.web.database import Database
from services.console.web.watch import Watch


@dataclass(frozen=True, slots=True)
class Desk:
    """Where pages look things up."""

    settings: WebSettings
    database: Database
    source: Source
    watch: Watch
    broker: Broker
    reader: Reader
    mailbox: Mailbox
    decisions: Decisions
