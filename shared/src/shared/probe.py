"""`python -m shared.probe [readyz]`: the container's health check; exit 0 while `/livez` (or `/readyz`) says so."""

import os
import sys
import urllib.error
import urllib.request


def main() -> int:
    """Ask this container's own process."""
    port = os.environ.get("LEARNWIRE_HTTP_PORT", "8080")
    path = sys.argv[1] if len(sys.argv) > 1 else "livez"
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=4) as answer:
            return 0 if answer.status == 200 else 1  # noqa: PLR2004  OK
    except (urllib.error.URLError, TimeoutError):
        return 1


if __name__ == "__main__":
    sys.exit(main())
