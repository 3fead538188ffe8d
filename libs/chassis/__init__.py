"""The chassis: how a service takes, decides, stores and announces events, each once in effect.  It knows no service.

What a service's author uses is named here; the mechanisms are each in the room of their name.
"""

from chassis.errors import OutageError, PoisonError
from chassis.process import run
from chassis.queries import Queries, Query, Tx
from chassis.service import Heard, Home, Need, Note, Request, Service
from chassis.settings import Settings
from chassis.turn import Turn

__all__ = [
    "Heard", "Home", "Need", "Note", "OutageError", "PoisonError", "Queries", "Query", "Request", "Service", "Settings",
    "Turn", "Tx", "run",
]  # fmt: skip
