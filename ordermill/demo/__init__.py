"""`ordermill demo`: orders through all six services while you watch, and books that tie at the end."""

from ordermill.demo.command import demo

__all__ = ["demo"]
