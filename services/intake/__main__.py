"""Intake as a process: `python -m services.intake` hears topics, `python -m services.intake api` hears HTTP."""

import sys

from chassis import run
from services.intake.api import serve
from services.intake.handlers import service
from services.intake.settings import Settings

if __name__ == "__main__":
    if sys.argv[1:] == ["api"]:
        serve()
    else:
        run(service, Settings())
