"""How long the fuzzers look: seconds in every run, the same inputs each time; longer, and other inputs, when asked to.

`ORDERMILL_FUZZ=50 pytest tests/hostile` looks fifty times as long, each time elsewhere, and keeps what it finds.
"""

import os

from hypothesis import HealthCheck, Phase, settings

TIMES = int(os.environ.get("ORDERMILL_FUZZ", "0"))
# Shrinking a failure takes minutes, and the nightly run that fails can do it.
SHORT = [Phase.explicit, Phase.generate]


def looks(times: int) -> settings:
    """So many inputs, or as many times more as is asked for."""
    # An input that takes a second is a finding: a hundred times as long as the slowest honest one.
    kept = settings(deadline=1_000, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    if TIMES:
        return settings(kept, max_examples=times * TIMES)
    return settings(kept, max_examples=times, derandomize=True, database=None, phases=SHORT)
