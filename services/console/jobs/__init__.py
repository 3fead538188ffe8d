"""What time or an operator causes, not a message: chores beside the projection, and its rebuilding."""

from services.console.jobs.chores import chores
from services.console.jobs.rebuild import SESSION, rebuild

__all__ = ["SESSION", "chores", "rebuild"]
