"""What an operator may set about notifications."""

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

import chassis


class Settings(chassis.Settings):
    """The settings every service has, and where the post is."""

    model_config = SettingsConfigDict(env_prefix="NOTIFICATIONS_")

    smtp_host: str = Field(min_length=1, description="the mail server")
    smtp_port: int = Field(25, ge=1, le=65535, description="its port")
    smtp_security: Literal["none", "starttls", "tls"] = Field("none", description="none is for a server beside us")
    smtp_user: str | None = Field(None, description="log in as; without it we do not")
    smtp_password: SecretStr = Field(SecretStr(""), description="and with")
    smtp_connections: int = Field(4, ge=1, le=32, description="at once: providers allow from 2 to 20")
    smtp_timeout_s: float = Field(10.0, gt=0, description="one step of a delivery: servers answer within seconds")
    sender: str = Field(
        "Ordermill <orders@ordermill.example>",
        pattern=r"^[^\r\n<>]*<[!-;=?A-~]+@[A-Za-z0-9.-]+>$",
        description="whom mails are from: Name <address>",
    )
