"""Settings in: environment variables `LEARNWIRE_*`, all problems told at once."""

import difflib
import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn, Self, TypeVar

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.known_settings import KNOWN

PREFIX = "LEARNWIRE_"
EXIT_BAD_SETTINGS = 78
"""EX_CONFIG of sysexits.h."""

BETWEEN = "\n"
MIN_SECRET_BYTES = 32
KEY_BYTES = 32


def _readable(path: Path) -> Path:
    try:
        with path.open("rb"):
            return path
    except OSError as error:
        raise ValueError(f"the file cannot be read ({error.strerror})") from error


def _long_enough(path: Path) -> Path:
    if len(read_bytes(path)) < MIN_SECRET_BYTES:
        raise ValueError(f"at least {MIN_SECRET_BYTES} bytes are needed")
    return path


def _whole_key(path: Path) -> Path:
    if len(path.read_bytes()) != KEY_BYTES:
        raise ValueError(f"exactly {KEY_BYTES} raw bytes are needed (head -c {KEY_BYTES} /dev/urandom)")
    return path


SecretFile = Annotated[Path, AfterValidator(_readable)]
"""A path to a file that holds a secret; checked to be readable at start."""


JwtSecretFile = Annotated[SecretFile, AfterValidator(_long_enough)]
KeyFile = Annotated[SecretFile, AfterValidator(_whole_key)]


class KafkaSettings(BaseSettings):
    """How to reach Kafka; all that the `learnwire` command needs for most of its work."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True
    )

    kafka_bootstrap_servers: str = Field("localhost:9092", description="Kafka brokers, host:port, comma-separated")
    kafka_security: Literal["plaintext", "sasl_ssl"] = Field(
        "plaintext", description="plaintext, or sasl_ssl (TLS with SCRAM-SHA-512)"
    )
    kafka_username: str | None = Field(None, description="Kafka user; with sasl_ssl")
    kafka_password_file: SecretFile | None = Field(None, description="File with the Kafka password; with sasl_ssl")
    kafka_ca_file: SecretFile | None = Field(None, description="CA certificates (PEM) that Kafka's is checked against")
    kafka_group_id: str | None = Field(None, description="Consumer group; the service's name where empty")
    kafka_topic_prefix: str = Field(
        "", description="Put before each topic's name, so that several installations share a cluster"
    )

    @classmethod
    def between_fields(cls, given: Mapping[str, Any]) -> list[str]:
        """Return what is wrong between settings that may each be right; `given` by field, absent ones left out."""
        login = {"kafka_username", "kafka_password_file"} <= given.keys()
        if given.get("kafka_security") == "sasl_ssl" and not login:
            return [f"{PREFIX}KAFKA_SECURITY: sasl_ssl needs {PREFIX}KAFKA_USERNAME and {PREFIX}KAFKA_PASSWORD_FILE"]
        return []

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        given = {name: getattr(self, name) for name in self.model_fields_set}
        if problems := self.between_fields({name: value for name, value in given.items() if value is not None}):
            raise ValueError(BETWEEN.join(problems))
        return self


class Settings(KafkaSettings):
    """What all services share; a service's own settings inherit from this."""

    mongo_uri: str = Field("mongodb://localhost:27017/?replicaSet=rs0", description="MongoDB, a replica set")
    mongo_uri_file: SecretFile | None = Field(None, description="File with the MongoDB URI, where it holds a password")
    mongo_database: str | None = Field(None, description="Database; the service's name with _ where empty")
    http_host: str = Field("127.0.0.1", description="Address that HTTP listens on")
    http_port: int = Field(8080, ge=0, le=65535, description="Port that HTTP listens on; 8081 to 8084 by service")
    jwt_issuer: str = Field(description="`iss` that tokens must have")
    jwt_secret_file: JwtSecretFile | None = Field(
        None, description="HS256 secret, at least 32 bytes; this or the JWKS file"
    )
    jwt_jwks_file: SecretFile | None = Field(
        None, description="Public keys (JWKS: RS256, ES256); this or the secret file"
    )
    pii_key_file: KeyFile = Field(description="Exactly 32 raw bytes: persons, tombstones, `person` in logs")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged")
    log_format: Literal["json", "console"] | None = Field(None, description="json, or console on a terminal")
    instance: str | None = Field(None, description="Name of this process in logs; host name and port where empty")
    public_url: str | None = Field(
        None, description="Where people reach this service's page, e.g. https://tracker.example"
    )
    breaker_in_a_row: int = Field(10, ge=1, description="Unexpected errors in a row that stop a partition")
    breaker_percent: int = Field(
        20, ge=1, le=100, description="Percent of invalid among the last 1,000 that stop a partition"
    )
    development: bool = Field(default=False, description="Development only: demo sign-in on loopback, weaker cookies")

    @classmethod
    def between_fields(cls, given: Mapping[str, Any]) -> list[str]:
        """As for Kafka's settings: one key for tokens, one way to name MongoDB."""
        problems = super().between_fields(given)
        if len(given.keys() & {"jwt_secret_file", "jwt_jwks_file"}) != 1:
            problems.append(f"set {PREFIX}JWT_SECRET_FILE or {PREFIX}JWT_JWKS_FILE, one of them")
        if {"mongo_uri", "mongo_uri_file"} <= given.keys():
            problems.append(f"set {PREFIX}MONGO_URI or {PREFIX}MONGO_URI_FILE, one of them")
        return problems

    def mongo_address(self) -> str:
        """Return the URI to connect with; it may hold a password, so it is not for logs."""
        return read_secret(self.mongo_uri_file) if self.mongo_uri_file else self.mongo_uri

    def instance_name(self) -> str:
        """Return the name of this process: the setting, else host name and port."""
        return self.instance or f"{socket.gethostname()}:{self.http_port}"


def read_bytes(path: Path) -> bytes:
    """Return a secret file's content without the line end that editors add."""
    return path.read_bytes().rstrip(b"\r\n")


def read_secret(path: Path) -> str:
    """Return a secret file's content as text, without the line end that editors add."""
    return read_bytes(path).decode()


S = TypeVar("S", bound=KafkaSettings)


def read_settings(settings_class: type[S]) -> S:
    """Read the environment, or tell all that is wrong with it on standard error and exit 78."""
    problems = unknown_variables(os.environ)
    try:
        settings = settings_class()  # pyright: ignore[reportCallIssue]  its fields come from the environment
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        told = [_sentence(each) for each in faults if each["loc"]]
        refuse([*told, *settings_class.between_fields(_given(settings_class)), *problems])
    if problems:
        refuse(problems)
    return settings


def _given(settings_class: type[KafkaSettings]) -> dict[str, str]:
    """Return what the environment says, by field: Pydantic does not compare fields while single ones are wrong."""
    names = {name: f"{PREFIX}{name.upper()}" for name in settings_class.model_fields}
    return {name: text for name, variable in names.items() if (text := os.environ.get(variable))}


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Return a sentence for each `LEARNWIRE_*` variable that no service knows."""
    sentences: list[str] = []
    for name in sorted(name for name in environment if name.startswith(PREFIX) and name not in KNOWN):
        near = difflib.get_close_matches(name, KNOWN, n=1)
        sentences.append(f"{name}: no such setting" + (f"; did you mean {near[0]}?" if near else ""))
    return sentences


def _sentence(problem: Any) -> str:
    where = "_".join(str(part) for part in problem["loc"])
    name = f"{PREFIX}{where.upper()}: " if where else ""
    text = "this setting is needed" if problem["type"] == "missing" else problem["msg"].removeprefix("Value error, ")
    return name + text


def refuse(problems: list[str]) -> NoReturn:
    """Tell what is wrong with the settings and end the process with 78."""
    print(f"{len(problems)} problem(s) with the settings (see .env.example):", file=sys.stderr)  # noqa: T201  before logging exists
    for problem in problems:
        print(f"  {problem}", file=sys.stderr)  # noqa: T201  as above
    sys.exit(EXIT_BAD_SETTINGS)
