"""The command `learnwire-local`."""

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from learnwire_local.kafka import Kafka, start_kafka
from learnwire_local.mongo import Mongo, start_mongo
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
    chosen = parser.parse_args(arguments)
    try:
        return up(chosen.dir, as_json=chosen.json)
    except StartError as failure:
        say(f"learnwire-local: {failure}")
        return 1
    except KeyboardInterrupt:
        return 130


def start_both(directory: Path | None) -> tuple[Kafka, Mongo]:
    """Both at the same time; what came up is ended again when the other did not."""
    with ThreadPoolExecutor(2) as pool:
        kafka = pool.submit(start_kafka, directory and directory / "kafka")
        mongo = pool.submit(start_mongo, directory and directory / "mongo")
    for one, other in ((kafka, mongo), (mongo, kafka)):
        if one.exception() and not other.exception():
            other.result().close()
    return kafka.result(), mongo.result()


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
