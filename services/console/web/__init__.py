"""Pages for the people who run the pipeline: a process of its own, which reads what others keep and decides nothing."""

from services.console.web.process import serve

__all__ = ["serve"]
