"""Chance that can be repeated: a function of the seed and of what is asked, never of when or in which order."""

from dataclasses import dataclass
from hashlib import blake2b


@dataclass(frozen=True, slots=True)
class Chance:
    """Answers of one seed."""

    seed: int

    def number(self, *about: object) -> float:
        """A number in [0, 1), the same whenever the same is asked."""
        digest = blake2b("\x1f".join(map(str, (self.seed, *about))).encode(), digest_size=7).digest()
        return int.from_bytes(digest, "big") / 2**56

    def happens(self, share: float, *about: object) -> bool:
        """Whether something that happens to this share of subjects happens to this one."""
        return share > 0 and self.number(*about) < share

    def between(self, low: int, high: int, *about: object) -> int:
        """A whole number from low to high, both included."""
        return low + int(self.number(*about) * (high - low + 1))
