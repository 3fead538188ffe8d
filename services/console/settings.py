"""What an operator may change about the console's projector."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

import chassis


class Settings(chassis.Settings):
    """Read from the environment, each name after CONSOLE_."""

    model_config = SettingsConfigDict(env_prefix="CONSOLE_")

    kept_days: int = Field(
        35, ge=1, description="days of pointers and movements: a little longer than our topics keep their records (30)"
    )
    figures_pause_s: float = Field(
        15.0,
        gt=0,
        description="between two sums of the days whose key figures changed: a day of 33,000 orders takes 0.1 s",
    )
