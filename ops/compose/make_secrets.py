"""Makes every secret of an installation as a file: `make init`, `make rotate SECRET=name`. Needs `openssl`.

Nothing has a default: a CA of this installation's own, certificates, passwords, keys, all from the machine's randomness.
Safe to run again: what is there stays, what is missing is made. The folder is closed to others (0700); the files in it
can be read by all (0444), because containers see them with their owner and mode from here and run as other users.
"""

import argparse
import base64
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
SERVICES = ("salesforce-syncer", "go1-stats-processor", "action-logger", "bulk-tracker")
MONGO_USERS = (*SERVICES, "action-logger-pruner", "operator")
CERTIFICATE_DAYS = {"ca": 3650, "leaf": 825}
READABLE, PRIVATE = 0o444, 0o400
MONGO_KEY_BYTES = 741
"""As many as MongoDB's manual makes: 988 characters of base64, below its limit of 1,024."""

FOR_GOOD = {
    "pii.key": "addresses in action-logger's log are encrypted with it, and all look-ups by address are made of it: "
    "this version cannot exchange it (docs/operating.md says what to do when it has become known)"
}


@dataclass(frozen=True)
class Secret:
    """A file, how it is made, and which containers must be made anew after it has changed."""

    name: str
    make: Callable[["Folder"], bytes]
    used_by: tuple[str, ...]
    mode: int = READABLE


@dataclass(frozen=True)
class Folder:
    """Where they are, and the name by which publishers know Kafka."""

    path: Path
    host: str

    def read(self, name: str) -> bytes:
        return (self.path / name).read_bytes()

    def has(self, name: str) -> bool:
        return (self.path / name).is_file()

    def write(self, name: str, content: bytes, mode: int) -> None:
        """Whole or not at all: a file half written would be taken for a secret ever after."""
        target = self.path / name
        target.parent.mkdir(exist_ok=True)
        new = target.with_name(f".{target.name}.new")
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        new.chmod(mode)
        new.rename(target)


def all_secrets(publishers: list[str]) -> list[Secret]:
    """In the order in which they are made: certificates need the CA."""
    kafka_users = [*SERVICES, "operator", *publishers]
    return [
        Secret(
            "ca.key",
            lambda _: _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"),
            (),
            PRIVATE,
        ),
        Secret("ca.crt", _ca, ("kafka", "mongo", "kafka-init", "mongo-init", *SERVICES)),
        Secret("kafka.pem", lambda folder: _leaf(folder, "kafka"), ("kafka",)),
        Secret("mongo.pem", lambda folder: _leaf(folder, "mongo"), ("mongo",)),
        Secret("mongo.keyfile", lambda _: base64.b64encode(secrets.token_bytes(MONGO_KEY_BYTES)), ("mongo",)),
        Secret("mongo/root.password", _password, ("mongo-init",)),
        Secret("mongo/root.previous", lambda _: b"", ()),
        *(
            Secret(f"mongo/{user}.password", _password, ("mongo-init", *((user,) if user in SERVICES else ())))
            for user in MONGO_USERS
        ),
        *(Secret(f"mongo/{user}.uri", _uri_of(user), ()) for user in (*MONGO_USERS, "root")),
        *(
            Secret(f"kafka/{user}.password", _password, ("kafka-init", *((user,) if user in SERVICES else ())))
            for user in kafka_users
        ),
        Secret("pii.key", lambda _: secrets.token_bytes(32), SERVICES),
        Secret("jwt.secret", _password, SERVICES),
        Secret("salesforce.secret", _password, ("salesforce-syncer", "salesforce-standin")),
        Secret("grafana.password", _password, ("grafana",)),
    ]


def publishers() -> list[str]:
    return [f"publisher-{name}" for name in json.loads((HERE / "publishers.json").read_text())]


def _password(_: Folder) -> bytes:
    # Letters and digits alone: it goes into a URI, a properties file and SCRAM without any escaping.
    return secrets.token_hex(32).encode()


def _uri_of(user: str) -> Callable[[Folder], bytes]:
    database = "admin" if user in {"operator", "root"} else user.removesuffix("-pruner").replace("-", "_")

    def make(folder: Folder) -> bytes:
        password = folder.read(f"mongo/{user}.password").decode()
        options = f"replicaSet=rs0&authSource={database}&tls=true&tlsCAFile=/run/secrets/ca.crt"
        return f"mongodb://{user}:{password}@mongo:27017/?{options}".encode()

    return make


def _ca(folder: Folder) -> bytes:
    return _openssl(
        *("req", "-x509", "-new", "-sha256", "-key", str(folder.path / "ca.key")),
        *("-days", str(CERTIFICATE_DAYS["ca"]), "-subj", f"/O=Learnwire/CN=Learnwire CA {secrets.token_hex(4)}"),
        *("-addext", "basicConstraints=critical,CA:TRUE,pathlen:0", "-addext", "keyUsage=critical,keyCertSign,cRLSign"),
    )


def _leaf(folder: Folder, name: str) -> bytes:
    """Key and certificate in one PEM. MongoDB's members show theirs as clients too, so it must be good for both."""
    names = [f"DNS:{name}", "DNS:localhost", "IP:127.0.0.1", _alternative(folder.host)]
    extensions = "\n".join(
        (
            "basicConstraints=critical,CA:FALSE",
            "keyUsage=critical,digitalSignature",
            "extendedKeyUsage=serverAuth,clientAuth",
            f"subjectAltName={','.join(dict.fromkeys(names))}",
        )
    )
    key = _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
    with tempfile.TemporaryDirectory() as scratch:
        at = Path(scratch)
        (at / "key").write_bytes(key)
        (at / "ext").write_text(extensions)
        (at / "csr").write_bytes(_openssl("req", "-new", "-key", str(at / "key"), "-subj", f"/O=Learnwire/CN={name}"))
        certificate = _openssl(
            *("x509", "-req", "-sha256", "-in", str(at / "csr"), "-days", str(CERTIFICATE_DAYS["leaf"])),
            *("-CA", str(folder.path / "ca.crt"), "-CAkey", str(folder.path / "ca.key")),
            *("-set_serial", str(secrets.randbits(127)), "-extfile", str(at / "ext")),
        )
    return key + certificate


def _alternative(host: str) -> str:
    return f"IP:{host}" if host.replace(".", "").isdigit() or ":" in host else f"DNS:{host}"


def _openssl(*arguments: str) -> bytes:
    done = subprocess.run(["openssl", *arguments], capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit(f"init: openssl {arguments[0]} failed: {done.stderr.decode(errors='replace')[-400:]}")
    return done.stdout


def make(folder: Folder, wanted: list[Secret]) -> list[str]:
    """Make what is missing; the names of what was made."""
    made: list[str] = []
    for each in wanted:
        if not folder.has(each.name):
            folder.write(each.name, each.make(folder), each.mode)
            made.append(each.name)
    return made


def rotate(folder: Folder, wanted: list[Secret], name: str) -> list[str]:
    """Make one anew, and what is made of it; the containers that must be made anew for it."""
    if name in FOR_GOOD:
        sys.exit(f"rotate: {name} stays: {FOR_GOOD[name]}")
    by_name = {each.name: each for each in wanted}
    if name == "ca":
        names = ["ca.key", "ca.crt", "kafka.pem", "mongo.pem"]
    elif name in by_name and not name.endswith((".uri", ".previous", "ca.key", "ca.crt")):
        names = [name, *([f"{name.removesuffix('.password')}.uri"] if _has_uri(name) else [])]
    else:
        sys.exit(f"rotate: no such secret: {name}; there are: ca {' '.join(_rotatable(wanted))}")
    if name == "mongo/root.password":
        folder.write("mongo/root.previous", folder.read(name), READABLE)
    for each in names:
        folder.write(each, by_name[each].make(folder), by_name[each].mode)
    return list(dict.fromkeys(user for each in names for user in by_name[each].used_by))


def orders(concerned: list[str]) -> list[str]:
    """What brings a new secret to those who use it. Running containers go on seeing the file as it was."""
    if {"kafka", "mongo"} <= set(concerned):
        return ["docker compose up -d --wait --force-recreate"]
    once = [each for each in concerned if each.endswith("-init")]
    others = [each for each in concerned if each not in once]
    up = [f"docker compose up -d --wait --force-recreate --no-deps {' '.join(others)}"] if others else []
    return [*(f"docker compose run --rm {each}" for each in once), *up]


def _has_uri(name: str) -> bool:
    return name.startswith("mongo/") and name.removeprefix("mongo/").removesuffix(".password") in {*MONGO_USERS, "root"}


def _rotatable(wanted: list[Secret]) -> list[str]:
    names = [each.name for each in wanted]
    return [n for n in names if not n.endswith((".uri", ".previous")) and not n.startswith("ca.") and n not in FOR_GOOD]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--folder", type=Path, default=Path(os.environ.get("SECRETS", "secrets")))
    parser.add_argument(
        "--host", default=os.environ.get("KAFKA_HOST", "127.0.0.1"), help="name of Kafka for publishers"
    )
    parser.add_argument("--rotate", metavar="SECRET")
    asked = parser.parse_args(arguments)
    if shutil.which("openssl") is None:
        sys.exit("init: the openssl command is missing; on Debian and Ubuntu: apt-get install openssl")
    asked.folder.mkdir(mode=0o700, exist_ok=True)
    asked.folder.chmod(0o700)
    folder, wanted = Folder(asked.folder, asked.host), all_secrets(publishers())
    if asked.rotate:
        concerned = rotate(folder, wanted, asked.rotate)
        print(f"rotate: {asked.rotate} is new; now run:", *orders(concerned), sep="\n  ")
        return 0
    made = make(folder, wanted)
    for name in made:
        print(f"init: made {asked.folder / name}")
    print(f"init: {len(made)} made, {len(wanted) - len(made)} were there; next: docker compose up -d --wait")
    return 0


if __name__ == "__main__":
    sys.exit(main())
