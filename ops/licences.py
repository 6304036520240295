"""Lists what the images and the publisher's package depend on, with licences, into docs/licences.md: `make licences`.

Read from the installed packages' own metadata. A licence that is not in `ALLOWED` stops it: a person decides, here.
"""

import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILE = ROOT / "docs/licences.md"
LISTS = {"services.txt": "the services' images", "demo.txt": "the demo's image"}
ALLOWED = frozenset({"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "MPL-2.0", "PSF-2.0"})
"""MPL-2.0 asks for the source of its own files if they are changed; nobody here changes them."""
A_NAME = 60
"""Characters; what is longer is the licence itself."""
SAID_OTHERWISE = {
    "apache": "Apache-2.0",
    "apache 2": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "mit license": "MIT",
    "bsd license": "BSD-3-Clause",
    "bsd": "BSD-3-Clause",
    "3-clause bsd license": "BSD-3-Clause",
    "isc license": "ISC",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
}


def pinned(name: str) -> dict[str, str]:
    lines = (ROOT / "requirements" / name).read_text().splitlines()
    found = (re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", line) for line in lines)
    return {each[1]: each[2] for each in found if each}


def licence(of: Distribution) -> str:
    meta = of.metadata
    said = (
        meta.get("License-Expression") or _short(meta.get("License")) or _classified(meta.get_all("Classifier") or [])
    )
    return SAID_OTHERWISE.get((said or "").lower(), said or "not said")


def _short(text: str | None) -> str | None:
    """Some put the whole text there."""
    return (
        text
        if text and "\n" not in text and len(text) < A_NAME and text.lower() not in {"unknown", "dual license"}
        else None
    )


def _classified(classifiers: list[str]) -> str | None:
    found = [each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License :: ")]
    known = sorted({SAID_OTHERWISE.get(each.lower(), each) for each in found})
    return " OR ".join(known) if known else None


def page() -> tuple[str, list[str]]:
    """The page, and what is wrong."""
    rows: list[str] = []
    wrong: list[str] = []
    seen: set[str] = set()
    for file, where in LISTS.items():
        for name, version in pinned(file).items():
            if name in seen:
                continue
            seen.add(name)
            try:
                found = licence(distribution(name))
            except PackageNotFoundError:
                continue  # of another platform
            if not set(re.findall(r"[\w.-]+", found)) - {"AND", "OR"} <= ALLOWED:
                wrong.append(f"{name} {version}: {found}")
            rows.append(f"| {name} | {version} | {found} | {where} |")
    head = (
        "# Licences of what Learnwire brings along\n\n"
        "Made by `make licences` from the packages' own metadata; do not edit. Versions are those of `requirements/`, pinned\n"
        "with hashes. Learnwire itself: Apache-2.0. Kafka, MongoDB, Prometheus and Grafana are not part of our images.\n\n"
        "| package | version | licence | in |\n| --- | --- | --- | --- |\n"
    )
    return head + "\n".join(rows) + "\n", wrong


def main() -> int:
    text, wrong = page()
    for each in wrong:
        print(f"licences: not decided on: {each}", file=sys.stderr)
    FILE.write_text(text)
    print(f"licences: {FILE.relative_to(ROOT)} has {text.count('| the ')} packages")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
