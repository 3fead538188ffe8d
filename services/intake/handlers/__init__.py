"""What intake does on each event.  One room each for taking orders, for their progress, and for cancelling them."""

from services.intake.handlers import cancelling, desk, progress, taking
from services.intake.handlers.course import service

__all__ = ["cancelling", "desk", "progress", "service", "taking"]
