"""Settings in: what salesforce-syncer needs beside the common ones."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints

from shared.settings import SecretFile
from shared.settings import Settings as CommonSettings

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def _secure(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ValueError("a URL like https://acme.my.salesforce.com is needed")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError("http:// is for the stand-in on loopback only; use https://")
    return url.rstrip("/")


Namespace = Annotated[str, StringConstraints(pattern="^([A-Za-z][A-Za-z0-9_]{0,14})?$")]
ApiVersion = Annotated[str, StringConstraints(pattern=r"^[0-9]{2,3}\.0$")]


class Settings(CommonSettings):
    """Settings of salesforce-syncer."""

    http_port: int = Field(8081, ge=0, le=65535, description="Port that HTTP listens on")
    salesforce_login_url: Annotated[str, AfterValidator(_secure)] = Field(
        description="Where tokens are asked for: the org's own https://….my.salesforce.com (http on loopback only)"
    )
    salesforce_client_id: str = Field(min_length=1, description="Consumer key of the external client app")
    salesforce_client_secret_file: SecretFile | None = Field(
        None, description="File with the consumer secret (client credentials); this or the private key"
    )
    salesforce_private_key_file: SecretFile | None = Field(
        None, description="File with the PEM private key (JWT bearer); needs the username; this or the secret"
    )
    salesforce_username: str | None = Field(None, description="User that the JWT speaks for")
    salesforce_audience: str | None = Field(
        None, description="`aud` of the JWT; made from the login URL where empty (login or test.salesforce.com)"
    )
    salesforce_api_version: ApiVersion = Field("66.0", description="Version of Salesforce's REST API")
    salesforce_portals: str = Field("*", description="Portals that this org is for: ids with commas, or *")
    salesforce_dry_run_portals: str = Field(
        "", description="Portals for which all is worked out and nothing written: ids with commas, or *"
    )
    salesforce_namespace: Namespace = Field("", description="Namespace of the installed package, without __")
    salesforce_mirror_go1: bool = Field(
        default=True, description="Show Go1 attempts as enrollments; off where the platform sends them as enrollments"
    )
    salesforce_accessed_seconds: int = Field(
        900, ge=0, description="Least seconds between two writes of a row for nothing but a newer last access"
    )
    salesforce_bulk_rows: int = Field(
        2000, ge=0, description="Dirty rows of one object above which Bulk API 2.0 is used; 0 switches it off"
    )
    salesforce_bulk_seconds: float = Field(
        900, gt=0, description="Seconds after which a bulk job that has not ended is given up, and its rows sent again"
    )
    salesforce_quota_share_percent: int = Field(
        50, ge=1, le=100, description="Percent of the org's daily API calls that are ours to use"
    )
    salesforce_delete_guard_rows: int = Field(
        500, ge=0, description="Deletes of one portal within an hour above which they wait for approval"
    )
    salesforce_delete_guard_percent: int = Field(
        20, ge=0, le=100, description="The same in percent of the portal's rows, from 50 rows on"
    )
    salesforce_recheck_seconds: float = Field(
        60, gt=0, description="Seconds between two looks at a stopped object or org"
    )
    salesforce_quota_probe_seconds: float = Field(
        900, gt=0, description="Seconds between two probes while Salesforce refuses all calls for the day"
    )
    salesforce_timeout_seconds: float = Field(30, gt=0, description="Seconds that a request may take")
    salesforce_proof_hour: int = Field(
        2, ge=-1, le=23, description="Hour (UTC) of the nightly proof of sync; -1 for none"
    )

    @classmethod
    def between_fields(cls, given: Mapping[str, Any]) -> list[str]:
        problems = super().between_fields(given)
        if len(given.keys() & {"salesforce_client_secret_file", "salesforce_private_key_file"}) != 1:
            problems.append(
                "set LEARNWIRE_SALESFORCE_CLIENT_SECRET_FILE, or LEARNWIRE_SALESFORCE_PRIVATE_KEY_FILE with "
                "LEARNWIRE_SALESFORCE_USERNAME; one of them"
            )
        elif "salesforce_private_key_file" in given and "salesforce_username" not in given:
            problems.append("LEARNWIRE_SALESFORCE_PRIVATE_KEY_FILE needs LEARNWIRE_SALESFORCE_USERNAME")
        return problems

    def serves(self, portal_id: str) -> bool:
        """Whether this org is for the portal."""
        return _named(self.salesforce_portals, portal_id)

    def dry_run(self, portal_id: str) -> bool:
        """Whether nothing is written for the portal."""
        return _named(self.salesforce_dry_run_portals, portal_id)

    def audience(self) -> str:
        """Return the `aud` of the JWT."""
        if self.salesforce_audience:
            return self.salesforce_audience
        host = urlsplit(self.salesforce_login_url).hostname or ""
        if not host.endswith("salesforce.com"):
            return self.salesforce_login_url
        sandbox = host.startswith("test.") or ".sandbox." in host
        return "https://test.salesforce.com" if sandbox else "https://login.salesforce.com"


def _named(names: str, portal_id: str) -> bool:
    listed = {each.strip() for each in names.split(",")}
    return "*" in listed or portal_id in listed
