"""The console's processes: `python -m services.console` keeps the read model, `… web` serves pages.

`… rebuild` replays everything into a fresh model and puts it in place.  Assembly only.
"""

import sys

from chassis.projection import Projection, run_projection
from contracts.topic import Service
from contracts.topics import topics_heard_by
from services.console.handlers import READS, apply
from services.console.jobs import chores, rebuild
from services.console.settings import Settings
from services.console.web import serve


def projection(settings: Settings) -> Projection:
    """Put it together."""
    topics = [topic.name for topic in topics_heard_by(Service.CONSOLE)]
    return Projection(name="console", topics=topics, reads=READS, apply=apply, chores=chores(settings))


def _project() -> None:
    settings = Settings()
    run_projection(projection(settings), settings, settings.gathering_s)


def _rebuild() -> None:
    rebuild(Settings(), projection)


if __name__ == "__main__":
    {"": _project, "web": serve, "rebuild": _rebuild}[" ".join(sys.argv[1:])]()
