"""What an operator may set about any service, read once, at start, from the environment.

A service derives from `Settings` with its own prefix.  A secret `NAME` may also come from a file, named by `NAME_FILE`.
"""

import os
import socket
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from chassis.errors import SettingsError


class Settings(BaseSettings):
    """The settings every service has.  Addresses and secrets have no default; each number says where it comes from."""

    model_config = SettingsConfigDict(
        env_prefix="CHASSIS_", frozen=True, extra="ignore", hide_input_in_errors=True, populate_by_name=True
    )

    kafka: str = Field(
        validation_alias="ORDERMILL_KAFKA", min_length=1, description="Kafka's bootstrap servers: host:port,host:port"
    )
    database_url: SecretStr = Field(
        SecretStr(""), description="postgresql://…; without it ORDERMILL_DATABASE_URL with the service's own role"
    )
    database_password: SecretStr = Field(SecretStr(""), description="the role's password, unless the address has it")
    shared_database_url: SecretStr = Field(
        SecretStr(""), validation_alias="ORDERMILL_DATABASE_URL", description="postgresql://…, the same for all"
    )
    instance: str = Field(
        default_factory=lambda: f"{socket.gethostname()}-{os.getpid()}", description="this process's name in logs"
    )
    lanes: int = Field(
        12, ge=1, description="partitions of every topic: 12 divides among 1, 2, 3, 4, 6 and 12 instances"
    )
    batch_size: int = Field(
        2000,
        ge=1,
        le=5000,
        description="messages a transaction, at most: with a backlog 2,000 cost less than 500 (docs/decisions/0001)",
    )
    pool_size_max: int = Field(
        4, ge=2, description="connections: the batch, an outside call's answer, a takeover and the health check"
    )
    session_timeout_s: float = Field(
        6.0, ge=6, description="silence after which Kafka gives lanes away: 6 s is the least that brokers allow"
    )
    batch_timeout_s: float = Field(
        30.0, gt=0, description="one batch with its commit: a slow one takes 1 s; 30 s bounds a database that hangs"
    )
    start_patience_s: float = Field(
        60.0, ge=0, description="wait for Kafka and PostgreSQL at start: both restart within 30 s"
    )
    shutdown_grace_s: float = Field(
        20.0, gt=0, description="to finish the batch in hand: below the 30 s after which orchestrators kill"
    )
    health_host: str = Field("127.0.0.1", description="where /live, /ready and /metrics listen; 0.0.0.0 in a container")
    health_port: int = Field(0, ge=0, le=65535, description="their port; 0 takes a free one and prints it")
    crash_at: str = Field("", description="for `make faults` alone: end (or STOP) at a crash point, NAME[:nth][=STOP]")
    crash_log: Path = Field(Path(os.devnull), description="the file that is told when that happens")
    version: str = Field("unknown", validation_alias="ORDERMILL_VERSION", description="what runs, as /metrics tells it")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="the least level that is printed"
    )

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise SettingsError(_what_to_mend(type(self), error)) from None

    @property
    def service(self) -> str:
        """The service's name: consumer group, schema and role are called like it."""
        return str(self.model_config["env_prefix"]).rstrip("_").lower()

    @model_validator(mode="after")
    def _choose_database(self) -> "Settings":
        url = self.database_url.get_secret_value()
        if not url and self.shared_database_url:
            url = self.as_own_role(self.shared_database_url.get_secret_value())
        if not url:
            prefix = self.model_config["env_prefix"]
            raise ValueError(f"{prefix}DATABASE_URL or ORDERMILL_DATABASE_URL is missing (postgresql://…)")
        object.__setattr__(self, "database_url", SecretStr(url))
        return self

    def as_own_role(self, url: str) -> str:
        """Put the service's own role into the address, with its password where there is one."""
        parts = urlsplit(url)
        password = self.database_password.get_secret_value()
        user = f"{self.service}:{quote(password, safe='')}" if password else self.service
        return urlunsplit(parts._replace(netloc=f"{user}@{parts.netloc.rpartition('@')[2]}"))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- its place in the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- the same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Values given in code, then the environment, then secrets in files."""
        return init_settings, env_settings, _SecretFiles(settings_cls)


class _SecretFiles(EnvSettingsSource):
    """`NAME_FILE=path` stands for `NAME=<what the file holds>`, as containers hand out secrets."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls)
        ours = (str(settings_cls.model_config["env_prefix"]).lower(), "ordermill_")
        self.env_vars = {
            name.removesuffix("_file"): _secret(name, path)
            for name, path in self.env_vars.items()
            if path and name.startswith(ours) and name.endswith("_file")
        }


def _secret(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{variable.upper()}: cannot read {path} ({error.strerror})") from None


def _what_to_mend(settings: type[Settings], error: ValidationError) -> str:
    lines = [f"{settings.__module__}: cannot start with these settings"]
    for fault in error.errors(include_input=False, include_url=False):
        place = str(fault["loc"][0]) if fault["loc"] else ""
        lines.append(f"  {_variable(settings, place)}{fault['msg'].removeprefix('Value error, ')}")
    return "\n".join(lines)


def _variable(settings: type[Settings], place: str) -> str:
    """Name the environment variable behind a field, with its description."""
    for name, field in settings.model_fields.items():
        if place in (name, field.validation_alias):
            variable = field.validation_alias or f"{settings.model_config['env_prefix']}{name.upper()}"
            return f"{variable} ({field.description or name}): "
    return ""
