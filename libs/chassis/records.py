"""Records as they lie in the log, read so that no record of a stranger can stop a partition.

aiokafka gives up a whole fetch, and with it records that were good, when the name of one header is not UTF-8 or one
record does not add up.  Brokers accept both.  Here the name is read with replacement characters, and what cannot be
read at all becomes a record without key, headers or body: the loop sets it aside like any other that makes no sense.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy, _DefaultRecordPy
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import decode_varint_py

_LENGTH: Final = slice(8, 12)  # of a batch, after its first offset and without these twelve bytes
_OVERHEAD: Final = 12


def tolerate() -> None:
    """Have every consumer of this process read this way: aiokafka makes the reader itself and takes no other."""
    fetcher.MemoryRecords = Records


class Records:
    """The batches of one fetch."""

    def __init__(self, fetched: bytes) -> None:
        self._batches, self._rest = MemoryRecords(fetched), memoryview(fetched)

    def has_next(self) -> bool:
        """Whether there is another batch."""
        return bool(self._batches.has_next())

    def size_in_bytes(self) -> int:
        """How much was fetched."""
        return int(self._batches.size_in_bytes())

    def next_batch(self) -> Any:
        """Give the next batch; one of the broker's own marks as it is."""
        batch = self._batches.next_batch()
        length = _OVERHEAD + int.from_bytes(self._rest[_LENGTH])
        raw, self._rest = self._rest[:length], self._rest[length:]
        return batch if batch is None or batch.is_control_batch else _Batch(batch, raw)


class _Batch:
    """A batch whose every record is given, whatever is in it."""

    def __init__(self, batch: Any, raw: memoryview) -> None:
        self._batch, self._raw = batch, raw

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __iter__(self) -> Iterator[Any]:
        last = self._batch.base_offset - 1
        try:
            for record in self._batch:
                yield record
                last = record.offset
        except Exception:  # noqa: BLE001 -- whatever it stumbled over, the records before and after it are good
            yield from self._patiently(last)

    def _patiently(self, last: int) -> Iterator[Any]:
        """Give what follows an offset, slowly and leniently."""
        batch = _DefaultRecordBatchPy(self._raw)
        try:
            batch._maybe_uncompress()  # noqa: SLF001 -- the buffer must be ours before a record is read
            batch._buffer = _Text(batch._buffer)  # noqa: SLF001
            for _ in range(batch._num_records):  # noqa: SLF001
                record = batch._read_msg(decode_varint_py)  # noqa: SLF001
                if record.offset > last:
                    yield record
                    last = record.offset
        except Exception:  # noqa: BLE001 -- nobody can tell where the next record begins
            for offset in range(last + 1, self._batch.next_offset):
                yield _DefaultRecordPy(offset, batch.max_timestamp, batch.timestamp_type, None, None, [])


class _Text(bytearray):
    """Bytes whose parts read as text whatever they hold."""

    def __getitem__(self, place: Any) -> Any:
        part = super().__getitem__(place)
        return _Text(part) if isinstance(place, slice) else part

    def decode(self, _encoding: str = "utf-8", _errors: str = "replace") -> str:
        return super().decode("utf-8", "replace")
