"""Asks a real org what the stand-in had to guess, and shows where the two differ.

    .venv/bin/python ops/salesforce/probe --url https://acme--test.sandbox.my.salesforce.com --client-id KEY --client-secret-file FILE
    ... --write     also asks what only writing can tell: makes a few rows with keys `probe-...` in the LearnUpon objects, and
                    deletes them (they stay in the recycle bin for 15 days); use a sandbox

Ends with 0 where the org does as the stand-in does, with 1 where it differs, and takes 70 API calls at most.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

from checks import CHECKS, Check
from org import Org, log_in


@dataclass(frozen=True, slots=True)
class Finding:
    """What the stand-in says, and what the org said."""

    question: str
    standin: str
    org: str

    @property
    def same(self) -> bool:
        return self.standin == self.org


def main() -> int:
    options = _options()
    org = log_in(options)
    try:
        findings = [_ask(check, org) for check in CHECKS if options.write or not check.writes]
    finally:
        left = org.tidy()
    if options.json:
        rows = [
            {"question": one.question, "standin": one.standin, "org": one.org, "same": one.same} for one in findings
        ]
        print(json.dumps({"findings": rows, "calls": org.calls, "left_behind": left}, indent=1))
    else:
        _show(findings, org, left=left, skipped=0 if options.write else sum(check.writes for check in CHECKS))
    return 0 if all(one.same for one in findings) else 1


def _ask(check: Check, org: Org) -> Finding:
    try:
        answer = check.answer(org)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        answer = f"could not be asked: {type(error).__name__}"
    return Finding(check.question, check.expected, answer)


def _show(findings: list[Finding], org: Org, *, left: int, skipped: int) -> None:
    width = max(len(one.question) for one in findings)
    for one in findings:
        print(f"{'same   ' if one.same else 'DIFFERS'}  {one.question.ljust(width)}  {one.org}")
        if not one.same:
            print(f"{'':9}{'the stand-in:'.rjust(width)}  {one.standin}")
    different = sum(not one.same for one in findings)
    print(f"\n{len(findings) - different} of {len(findings)} answers are the stand-in's; {org.calls} API calls used.")
    if skipped:
        print(f"{skipped} questions need --write and were not asked.")
    if left:
        print(f"{left} rows could not be deleted: look for keys that begin with probe- .")


def _options() -> argparse.Namespace:
    reader = argparse.ArgumentParser(
        "salesforce-probe", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    reader.add_argument("--url", required=True, help="the org's My Domain address")
    reader.add_argument("--token-file", type=Path, help="a file with an access token, as `sf org display` shows one")
    reader.add_argument("--client-id", help="the external client app's consumer key")
    reader.add_argument("--client-secret-file", type=Path, help="log in by client credentials")
    reader.add_argument("--key-file", type=Path, help="log in by JWT: the private key")
    reader.add_argument("--username", help="log in by JWT: as whom")
    reader.add_argument(
        "--audience", default="https://login.salesforce.com", help="https://test.salesforce.com for a sandbox"
    )
    reader.add_argument("--write", action="store_true", help="also ask what only writing can tell; in a sandbox")
    reader.add_argument("--json", action="store_true")
    return reader.parse_args()


if __name__ == "__main__":
    sys.exit(main())
