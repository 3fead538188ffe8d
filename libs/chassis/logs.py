"""Logs: one JSON object a line on stdout, ours and the libraries' alike; for people when stdout is a terminal.

No line holds what was being handled: errors are told by `describe`, and a control character never reaches a terminal.
"""

import logging
import re
import sys
import traceback
from typing import Final

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from chassis.errors import describe

# C0, DEL, C1, line separators and direction overrides: each can forge or hide a line on somebody's screen.
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_CHATTY: Final = ("aiokafka", "asyncio", "faststream")  # they write a line for every message or reconnection
_AGAIN_S: Final = 10.0
_SENTENCES_MAX: Final = 1000
_FRAMES: Final = 12  # the innermost ones; those above are the loop's own and always the same


def configure(service: str, instance: str, level: str = "info") -> None:
    """Send every log line of this process through one renderer."""

    def name_process(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {**event, "service": service, "instance": instance}

    steps: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        name_process,
        _tell_error,
        _escape_controls,
    ]
    structlog.configure(
        processors=[*steps, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    _route_libraries(steps, level)


def _route_libraries(steps: list[Processor], level: str) -> None:
    """Give the standard library's loggers the same way out, and quieten those that talk about every message."""
    render: Processor = structlog.dev.ConsoleRenderer() if sys.stdout.isatty() else structlog.processors.JSONRenderer()
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *steps],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    logging.captureWarnings(capture=True)
    for name in _CHATTY:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(max(logging.WARNING, logging.getLogger().level))
    handler.addFilter(_Seldom())


class _Seldom(logging.Filter):
    """Lets a library say each of its sentences once in a while: while a broker is away they come by the hundred."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[object, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(_CHATTY):
            return True
        is_due = record.created - self._said.get(record.msg, 0) > _AGAIN_S
        if is_due:
            if len(self._said) > _SENTENCES_MAX:
                self._said.clear()
            self._said[record.msg] = record.created
        return is_due


def _tell_error(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace an exception by what it is and where it arose: its own text may quote an order."""
    error = _error_of(event.pop("exc_info", None))
    if error is None:
        return event
    event["error"] = describe(error)
    event["at"] = [
        f"{at.filename}:{at.lineno} {at.name}" for at in traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    ]
    if cause := error.__cause__ or error.__context__:
        event["cause"] = describe(cause)
    return event


def _error_of(given: object) -> BaseException | None:
    """Find the error behind `exc_info`, which may be one, a tuple around one, or merely true."""
    if isinstance(given, tuple):
        given = given[1]
    if given and not isinstance(given, BaseException):
        given = sys.exception()
    return given if isinstance(given, BaseException) else None


def _escape_controls(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {key: _escaped(value) if isinstance(value, str) else value for key, value in event.items()}


def _escaped(text: str) -> str:
    return _CONTROL.sub(lambda control: ascii(control[0])[1:-1], text)
