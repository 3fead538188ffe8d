"""The small projection as a process, for tests that kill it."""

from dataclasses import replace

from pydantic_settings import SettingsConfigDict

import chassis
from chassis.projection import run_projection
from tests.service.reader.projection import NOTES, projection


class Settings(chassis.Settings):
    """A schema and a role of its own."""

    model_config = SettingsConfigDict(env_prefix="READER_", frozen=True, extra="ignore", populate_by_name=True)

    pause_s: float = 0.0


settings = Settings()
run_projection(replace(projection, topics=[NOTES]), settings, settings.pause_s)
