"""Tells by its exit code whether the service in this container is ready to work.

A file rather than a command line, because some engines split a health check's arguments at blanks.
"""

import os
import sys
import urllib.error
import urllib.request

TIMEOUT_S = 2.0


def is_ready(port: str) -> bool:
    """Ask the service itself."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=TIMEOUT_S) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004  HTTP's own number
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(0 if is_ready(os.environ["HEALTH_PORT"]) else 1)
