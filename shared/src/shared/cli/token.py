"""`learnwire token`: a token for trying things out, with the development key."""

import time
from typing import Annotated, Any

import jwt
import typer
from pydantic_settings import SettingsConfigDict

from shared.cli.output import complain
from shared.settings import PREFIX, JwtSecretFile, KafkaSettings, read_bytes, read_settings

MOST_SECONDS = 3_600


class TokenSettings(KafkaSettings):
    """What signing needs."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", env_ignore_empty=True)

    jwt_issuer: str
    jwt_secret_file: JwtSecretFile
    development: bool = False


def token(  # noqa: PLR0917  Typer makes options of them
    service: Annotated[str, typer.Argument(help="For which service, e.g. bulk-tracker; NAME-launch for a page")],
    role: Annotated[list[str], typer.Option(help="operator, analyst, admin, manager, instructor; may be repeated")],
    subject: Annotated[str, typer.Option(help="Who: the claim `sub`")] = "developer",
    portal: Annotated[str | None, typer.Option(help="The tracker's portal: the claim `portal_id`")] = None,
    portals: Annotated[str, typer.Option(help="Which portals are seen, comma-separated, or *")] = "*",
    panoramas: Annotated[str, typer.Option(help="Which panoramas are seen, comma-separated, or *")] = "*",
    seconds: Annotated[int, typer.Option(min=1, max=MOST_SECONDS, help="How long it holds")] = MOST_SECONDS,
) -> None:
    """Print a token signed with LEARNWIRE_JWT_SECRET_FILE; only with LEARNWIRE_DEVELOPMENT=true."""
    settings = read_settings(TokenSettings)
    if not settings.development:
        complain("tokens are made here for development only: set LEARNWIRE_DEVELOPMENT=true")
    secret = read_bytes(settings.jwt_secret_file)
    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": settings.jwt_issuer,
        "aud": service,
        "sub": subject,
        "iat": now,
        "exp": now + seconds,
        "roles": role,
        "portals": _scope(portals),
        "panoramas": _scope(panoramas),
    }
    if portal:
        claims["portal_id"] = portal
    print(jwt.encode(claims, secret, algorithm="HS256"))  # noqa: T201  the command's output


def _scope(text: str) -> str | list[str]:
    return "*" if text == "*" else [each for each in text.split(",") if each]
