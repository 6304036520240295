"""The command `learnwire-local`."""

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from learnwire_local.both import start_both
from learnwire_local.demo.run import run_demo
from learnwire_local.processes import StartError, say


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="learnwire-local", description="Kafka and MongoDB on this machine, without Docker"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    up_parser = commands.add_parser("up", help="start Kafka and MongoDB; they run until Ctrl-C")
    up_parser.add_argument("--dir", type=Path, help="keep the data here between runs (default: a temporary directory)")
    up_parser.add_argument(
        "--json", action="store_true", help="print the addresses as one JSON line, not as NAME=value"
    )
    demo_parser = commands.add_parser("demo", help="a week of two portals through all services")
    demo_parser.add_argument("--once", action="store_true", help="end when all is shown; 0 if all came out as expected")
    chosen = parser.parse_args(arguments)
    try:
        return run_demo(once=chosen.once) if chosen.command == "demo" else up(chosen.dir, as_json=chosen.json)
    except StartError as failure:
        say(f"learnwire-local: {failure}")
        return 1
    except KeyboardInterrupt:
        return 130


def up(directory: Path | None, *, as_json: bool = False) -> int:
    """Print the addresses; stay until Ctrl-C or SIGTERM."""
    ends = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    kafka, mongo = start_both(directory)
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    with kafka, mongo:
        addresses = {
            "LEARNWIRE_KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap,
            "LEARNWIRE_MONGO_URI": mongo.uri,
            "LEARNWIRE_TEST_KAFKA": kafka.bootstrap,
            "LEARNWIRE_TEST_MONGO": mongo.uri,
        }
        lines = [f"export {name}='{value}'" for name, value in addresses.items()]
        if as_json:
            lines = [json.dumps({**addresses, "pids": [kafka.pid, mongo.pid]})]
        print("\n".join(lines), flush=True)
        say(f"learnwire-local: logs in {kafka.log} and {mongo.log}; Ctrl-C ends both")
        signal.sigwait(ends)
        say("learnwire-local: ending")
    return 0


if __name__ == "__main__":
    sys.exit(main())
