"""The console's projector: hears every topic that tells nothing about a person, and keeps the read model. Assembly."""

from chassis.projection import Projection, run_projection
from contracts.topics import Service, topics_heard_by
from services.console.handlers import READS, apply
from services.console.jobs import chores
from services.console.settings import Settings


def projection(settings: Settings) -> Projection:
    """Put it together."""
    topics = [topic.name for topic in topics_heard_by(Service.CONSOLE)]
    return Projection(name="console", topics=topics, reads=READS, apply=apply, chores=chores(settings))


if __name__ == "__main__":
    settings = Settings()
    run_projection(projection(settings), settings, settings.gathering_s)
