"""How many bytes each topic takes on the brokers: a request that aiokafka does not know (DescribeLogDirs, KIP-113)."""

from typing import Any, ClassVar

from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Int16, Int32, Int64, Schema, String


class LogDirsAnswer(Response):  # type: ignore[misc]
    """Version 1, the oldest that brokers still answer."""

    API_KEY = 35
    API_VERSION = 1
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "log_dirs",
            Array(
                ("error_code", Int16),
                ("log_dir", String("utf-8")),
                (
                    "topics",
                    Array(
                        ("name", String("utf-8")),
                        (
                            "partitions",
                            Array(
                                ("partition_index", Int32),
                                ("size", Int64),
                                ("offset_lag", Int64),
                                ("is_future_key", Boolean),
                            ),
                        ),
                    ),
                ),
            ),
        ),
    )


class _AskLogDirsVersion1(RequestStruct):  # type: ignore[misc]
    API_KEY = 35
    API_VERSION = 1
    RESPONSE_TYPE = LogDirsAnswer
    SCHEMA = Schema(("topics", Array(("topic", String("utf-8")), ("partitions", Array(Int32)))))


class AskLogDirs(Request[_AskLogDirsVersion1]):  # type: ignore[misc]
    """Asks one broker about all that it holds."""

    API_KEY: ClassVar[int] = 35

    def build(self, struct: type[_AskLogDirsVersion1]) -> Any:  # noqa: ANN401 -- aiokafka has no types
        """Make the request: no topic named is every topic."""
        return struct(None)


def sizes_in(answer: Any) -> dict[str, int]:  # noqa: ANN401 -- the same
    """Add up the bytes of each topic."""
    sizes: dict[str, int] = {}
    for _error, _directory, topics in answer.log_dirs:
        for name, partitions in topics:
            sizes[name] = sizes.get(name, 0) + sum(size for _lane, size, _lag, _future in partitions)
    return sizes
