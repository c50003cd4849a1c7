"""The settings of this installation: environment variables read once into one frozen object."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent

Login = Literal["app_rt", "app_sign_in", "transformer", "checker", "messenger", "visitor"]


def _default_data_dir() -> Path:
    return Path(platformdirs.user_data_dir("intersession", appauthor=False))


class Settings(BaseSettings):
    """Every setting, with the environment variable of the same name prefixed by INTERSESSION_.

    ``database_url`` is also read from the customary ``DATABASE_URL``. It is the administrative
    address (a role that may create roles and schemas); the application itself only ever
    connects as one of the least-privileged logins.
    """

    model_config = SettingsConfigDict(
        env_prefix="INTERSESSION_", env_file=".env", extra="ignore", frozen=True, populate_by_name=True
    )

    database_url: str | None = Field(
        default=None,
        validation_alias="DATABASE_URL",
        description="Use this PostgreSQL (15 or newer), not the embedded one",
    )
    data_dir: Path = Field(default_factory=_default_data_dir, description="Where the embedded database keeps its files")
    pg_bin: Path | None = Field(default=None, description="Folder with initdb and pg_ctl to prefer")
    db_schema: str = Field(
        default="practice", pattern=r"^[a-z_][a-z0-9_]{0,40}$", description="Name of the operational schema"
    )
    login_secret: str | None = Field(
        default=None, min_length=16, description="Passwords of the database logins are derived from this secret"
    )
    master_key_file: Path | None = Field(
        default=None, description="File of the master key (default: master.key in the data folder)"
    )
    master_key: str | None = Field(
        default=None, repr=False, description="The master key itself, instead of a file; several by commas, newest last"
    )
    app_rt_url: str | None = Field(default=None, description="Address for the application's login, if not derived")
    app_sign_in_url: str | None = Field(default=None, description="Address for the login of signing in, if not derived")
    transformer_url: str | None = Field(default=None, description="Address for the figures' login, if not derived")
    checker_url: str | None = Field(default=None, description="Address for the checks' login, if not derived")
    messenger_url: str | None = Field(default=None, description="Address for the messages' login, if not derived")
    visitor_url: str | None = Field(default=None, description="Address for the login of public booking, if not derived")
    audit_key_file: Path | None = Field(
        default=None, description="File with the key that signs the audit log's anchors; else in the data folder"
    )
    host: str = Field(default="127.0.0.1", description="Address that the dashboard listens on")
    port: int = Field(default=8501, ge=1, le=65535, description="Port that the dashboard listens on")
    web_secret: str | None = Field(
        default=None, min_length=32, repr=False, description="Key of sign-in cookies and second steps, if not derived"
    )
    public_url: str | None = Field(
        default=None, pattern=r"^https?://[^\s/]+$", description="Address people open, when a proxy stands before it"
    )
    booking_port: int = Field(default=8502, ge=1, le=65535, description="Port that public booking listens on")
    booking_url: str | None = Field(
        default=None, pattern=r"^https?://[^\s/]+$", description="Address visitors open, when a proxy stands before it"
    )
    second_step: Literal["required", "optional"] = Field(
        default="required", description="Whether local accounts need a one-time code besides the password"
    )
    oidc_issuer: str | None = Field(
        default=None, pattern=r"^https?://", description="Sign in through this OpenID Connect provider (its issuer)"
    )
    oidc_client_id: str | None = Field(default=None, description="Name of the dashboard at the provider")
    oidc_client_secret: str | None = Field(default=None, repr=False, description="Its secret at the provider")
    oidc_name: str = Field(default="OpenID Connect", description="How the provider is called on the sign-in page")
    smtp_host: str | None = Field(
        default=None, description="Mail server for invitations, resets and messages to patients; none: not mailed"
    )
    smtp_port: int = Field(default=587, ge=1, le=65535, description="Its port")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="How the connection to it is protected"
    )
    smtp_user: str | None = Field(default=None, description="User at the mail server")
    smtp_password: str | None = Field(default=None, repr=False, description="Its password")
    mail_from: str | None = Field(default=None, description="Sender of what is mailed")
    calendar_hosts: str | None = Field(
        default=None,
        description="Calendar servers (names, by commas) that may be asked although their address is private",
    )
    calendar_key: str | None = Field(
        default=None, repr=False, description="Key of the passwords of linked calendars, if not derived"
    )
    refresh_minutes: float = Field(default=15, gt=0, description="Minutes between two refreshes without writes")
    refresh_debounce_seconds: float = Field(default=2, ge=0, description="Quiet seconds awaited after a write")
    demo_sign_in: bool = Field(default=True, description="Offer the synthetic practice's people for choice")
    dbt_dir: Path = Field(default=ROOT / "dbt", description="Folder of the dbt project and of the figures' contracts")
    pool_size: int = Field(default=8, ge=1, description="Connections that one process keeps open")

    @property
    def address(self) -> str:
        """The address under which people open the dashboard, without a slash at its end."""
        return self.public_url or f"http://{self._host_in_address}:{self.port}"

    @property
    def booking_address(self) -> str:
        """The address under which visitors open public booking, without a slash at its end."""
        return self.booking_url or f"http://{self._host_in_address}:{self.booking_port}"

    @property
    def _host_in_address(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def private_calendar_hosts(self) -> frozenset[str]:
        """The names of calendar servers that may be asked although they are inside the network, in lower case."""
        return frozenset(name.strip().lower() for name in (self.calendar_hosts or "").split(",") if name.strip())

    @property
    def is_loopback(self) -> bool:
        """Whether the dashboard can be reached from this machine only."""
        return self.host in {"127.0.0.1", "::1", "localhost"}


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return the settings of this process, read at first use."""
    return Settings()
