"""What an operator may change about the console's projector."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

import chassis


class Settings(chassis.Settings):
    """Read from the environment, each name after CONSOLE_."""

    model_config = SettingsConfigDict(env_prefix="CONSOLE_")

    batch_size: int = Field(
        5000,
        ge=1,
        le=20_000,
        description="records a transaction, at most: nobody waits for us, and large ones are cheap",
    )
    gathering_s: float = Field(
        0.2, ge=0, description="how long records gather before a batch: at 12,000 a second, as many as a batch holds"
    )
    kept_days: int = Field(
        35, ge=1, description="days of pointers and movements: a little longer than our topics keep their records (30)"
    )
    figures_pause_s: float = Field(
        15.0,
        gt=0,
        description="between two sums of the days whose key figures changed: a day of 33,000 orders takes 0.1 s",
    )
