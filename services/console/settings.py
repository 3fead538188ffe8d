"""What an operator may change about the console: the projector that hears topics, and the process that serves pages."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import SettingsConfigDict

import chassis


class Settings(chassis.Settings):
    """Read from the environment, each name after CONSOLE_."""

    model_config = SettingsConfigDict(env_prefix="CONSOLE_")

    batch_size: int = Field(
        20_000,
        ge=1,
        le=50_000,
        description="records a transaction, at most: nobody waits for us, and the larger, the cheaper",
    )
    gathering_s: float = Field(
        1.0,
        ge=0,
        description="how long records gather before a batch: an order whose events come together is settled once",
    )
    kept_days: int = Field(
        35, ge=1, description="days of pointers and movements: a little longer than our topics keep their records (30)"
    )
    figures_pause_s: float = Field(
        15.0,
        gt=0,
        description="between two sums of the days whose key figures changed: a day of 33,000 orders takes 0.1 s",
    )


class FirstAccount(BaseModel):
    """An account that is made when nobody has its name yet; what was changed about it later stays."""

    role: Literal["viewer", "operator", "admin"]
    password: SecretStr


class WebSettings(chassis.Settings):
    """The process that serves pages.  Its schema and role are the console's."""

    model_config = SettingsConfigDict(env_prefix="CONSOLE_WEB_")

    host: str = Field("127.0.0.1", description="where pages are served; 0.0.0.0 in a container")
    port: int = Field(8090, ge=0, le=65535, description="its port; 0 takes a free one and prints it")
    hosts: tuple[str, ...] = Field(
        ("localhost", "127.0.0.1"), description="JSON: names under which the console may be called; others get 400"
    )
    trusted_proxies: tuple[str, ...] = Field(
        (), description="JSON: addresses whose X-Forwarded-For and -Proto are believed; none by default"
    )
    has_tls: bool = Field(
        default=False, description="true where browsers come over https: cookies are then marked Secure"
    )
    first_accounts: dict[str, FirstAccount] = Field(
        default_factory=dict, description='JSON: {"ada": {"role": "admin", "password": "…"}}: made where missing'
    )
    session_hours: float = Field(24.0, gt=0, le=720, description="a session ends after this in any case: one day")
    session_idle_hours: float = Field(8.0, gt=0, le=720, description="and when it rested for this long: one shift")
    services: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description='JSON: {"billing": ["http://billing:8080"]}: where health is told; a name may be many instances',
    )
    mailbox: Path | None = Field(None, description="the Maildir of a local mail catcher, where there is one")
    streams_max: int = Field(500, ge=1, description="viewers who are told live at once: each is a socket and a queue")
    browse_max: int = Field(4, ge=1, description="looks into topics at once: each holds a consumer and its buffers")

    @property
    def service(self) -> str:
        """The console's name: the schema and the role are its, whichever process asks."""
        return "console"
