"""Orders over HTTP: a process of its own, so that the batches of the service never hurt its latency."""

from services.intake.api.app import application
from services.intake.api.edge import Edge
from services.intake.api.process import serve

__all__ = ["Edge", "application", "serve"]
