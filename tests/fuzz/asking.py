"""Requests made from a service's own OpenAPI document, good and bad, some with known ids; and how answers are judged."""

import base64
import hashlib
import json
import random
import string
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi import checks as of_openapi

from tests.fuzz.seeds import Seed
from tests.fuzz.tokens import Kind, kinds
from tests.world import WAIT_SECONDS, Process, World

AnyCase = Case[Any]
ENDLESS = ("/v1/stream",)
HOSTILE = [
    "$gt", '{"$ne": null}', "[$gt]=", "../../etc/passwd", "%00", "a\x00b", "'; return true; //", "=cmd|'/C calc'!A0",
    "\u202egpj.exe", "x" * 3_000, "\ud7ff\uffff", "0", "-1", "1e309", "9" * 40, "true", "null", "NaN", ".*", "(((((((a+)+)+)+",
    "2026-02-30", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "9999-12-31", "0001-01-01", " ", "\t", "a b", "a/b",
    "İ@example.org", "ﬀ@example.org", "@", "a@@b",
]  # fmt: skip
LEAKS = ("Traceback", "pymongo", "motor", "/site-packages/", "aiokafka", "BSON", "OperationFailure", "pydantic")
CHECKS: list[Any] = [
    of_openapi.status_code_conformance,
    of_openapi.content_type_conformance,
    of_openapi.response_schema_conformance,
    of_openapi.response_headers_conformance,
]
TOO_MANY = 429
LONG_ENOUGH = 8
"""A value shorter than this may stand in an answer by chance."""


@dataclass
class Run:
    """What came of a run: how many answers of each status, and what was wrong, each kind with its first example."""

    answers: Counter[int] = field(default_factory=Counter[int])
    findings: dict[str, str] = field(default_factory=dict[str, str])

    def find(self, what: str, example: str) -> None:
        if what not in self.findings:
            print(f"found: {what}\n    {example}", flush=True)  # noqa: T201  at once: the run may take an hour yet
        self.findings.setdefault(what, example)


@dataclass
class Asking:
    """Somebody who asks one service: everybody's tokens, known ids, hostile texts, made-up cursors."""

    world: World
    process: Process
    seeded: Seed
    run: Run = field(default_factory=Run)
    session: requests.Session = field(default_factory=requests.Session)
    asked: int = 0

    def __post_init__(self) -> None:
        self.values = st.one_of(st.sampled_from(self.seeded.ids), st.sampled_from(HOSTILE), st.text(max_size=30))
        self.cursors = _cursors(self.seeded)
        self.tokens = kinds(self.process.name, self.world.secret, self.seeded.good, self.seeded.wrong_role)

    def fuzz(self, cases: int, chosen: int) -> Run:
        """Ask so many times; what was found."""

        @seed(chosen)
        @settings(
            max_examples=cases,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
        )
        @given(st.one_of(_operations(self.process)), st.sampled_from(self.tokens), st.data())
        def ask(case: AnyCase, kind: Kind, data: st.DataObject) -> None:
            self._meddle(case, data.draw(st.randoms(use_true_random=False)), data)
            self._ask_once(case, kind)

        with self.session:
            ask()
        return self.run

    def _meddle(self, case: AnyCase, rng: random.Random, data: st.DataObject) -> None:
        """Put known ids and hostile texts in some places; a cursor of our own comes without other filters."""
        query = case.query or {}
        names: set[str] = {each.name for each in case.operation.query}
        for name in [*query, *({"portal_id"} & names)]:
            if rng.random() < 0.4:
                query[name] = data.draw(self.values)
        if "cursor" in names and rng.random() < 0.3:
            query = {name: value for name, value in query.items() if name == "limit"}
            query["cursor"] = data.draw(self.cursors)
        elif rng.random() < 0.4:  # fewer parameters: most requests with many are refused for one of them
            query = {name: value for name, value in query.items() if rng.random() < 0.4}
        case.query = query
        for name in case.path_parameters or ():
            if rng.random() < 0.8:
                case.path_parameters[name] = quote(data.draw(self.values) or "x", safe="")
        body: Any = case.body
        if isinstance(body, dict) and "keys" in body and rng.random() < 0.5:
            body["keys"] = [data.draw(self.values)]

    def _ask_once(self, case: AnyCase, kind: Kind) -> None:
        self.asked += 1
        token = kind.make(self.asked)
        where = f"{case.method} {case.operation.path}"
        try:
            answer = self._sent(case, {} if token is None else {"Authorization": f"Bearer {token}"})
        except (UnicodeEncodeError, requests.exceptions.InvalidURL):
            return  # no client can send that
        except requests.RequestException as error:
            self.run.find(f"{where}: no answer: {type(error).__name__}", f"{case.as_curl_command()}: {error}")
            return
        self.run.answers[answer.status_code] += 1
        for wrong in _wrong(answer, case, kind, self.seeded):
            example = f"{kind.name}: {answer.request.url} {case.body!r:.300} → {answer.text[:300]}"
            self.run.find(f"{where}: {wrong}", example)

    def _sent(self, case: AnyCase, headers: Mapping[str, str]) -> Any:
        for _ in range(100):
            answer = case.call(
                base_url=self.process.url, session=self.session, headers=dict(headers), timeout=WAIT_SECONDS
            )
            if answer.status_code != TOO_MANY:
                return answer
            time.sleep(0.1)
        raise AssertionError("asked too often for too long")


def _operations(process: Process) -> "list[st.SearchStrategy[AnyCase]]":
    document = requests.get(f"{process.url}/openapi.json", timeout=WAIT_SECONDS).json()
    schema: Any = schemathesis.openapi.from_dict(document)
    schema.config.generation.update(with_security_parameters=False)  # tokens are ours
    found: list[st.SearchStrategy[AnyCase]] = []
    wrong: list[st.SearchStrategy[AnyCase]] = []
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.path in ENDLESS:
            continue
        found.append(operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
        if operation.query or operation.body or operation.path_parameters:
            found += [found[-1]] * 2
            wrong.append(operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    return [*found, *wrong]


def _cursors(seeded: Seed) -> "st.SearchStrategy[str]":
    """Cursors that somebody made himself, with the right digest of no filters, and anything as the position."""
    digest = hashlib.sha256(b"{}").hexdigest()[:16]
    odd = st.one_of(
        st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=20),
        st.sampled_from([*seeded.ids, "2026-11-22T03:04:05.678Z", "9999-12-31T23:59:59-23:59", 2**63, 2**200, 1e308]),
    )  # fmt: skip

    def made(position: Sequence[Any]) -> str:
        text = json.dumps([digest, *position])
        return base64.urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).decode().rstrip("=")

    return st.lists(odd, max_size=3).map(made)


def _wrong(answer: Any, case: AnyCase, kind: Kind, seeded: Seed) -> list[str]:
    found: list[str] = []
    text: str = answer.text
    status: int = answer.status_code
    if status >= 500 and case.operation.path not in {"/readyz", "/livez"}:
        found.append(f"server error {status}")
    try:
        case.validate_response(answer, checks=CHECKS)
    except FailureGroup as failures:
        found += [f"{type(each).__name__} {status} {str(each)[:200]}" for each in failures.exceptions]
    if case.operation.path.startswith("/v1/"):
        if kind.answer is not None and status != kind.answer:
            found.append(f"{kind.name} got {status}")
        if seen := {each for each in seeded.marks - kind.sees if each in text or each in str(answer.headers)}:
            found.append(f"{kind.name} saw {sorted(seen)}")
    if status >= 400:
        found += [f"{status} says {each}" for each in LEAKS if each in text]
        found += [f"{status} repeats a value" for each in _values(case) if each in text]
    return found


def _values(case: AnyCase) -> list[str]:
    """What was sent, and may not come back in an error."""
    query = case.query or {}
    sent = [*query.values(), *(case.path_parameters or {}).values()]
    return [
        each
        for each in sent
        if isinstance(each, str) and len(each) >= LONG_ENOUGH and not set(each) <= set(string.ascii_lowercase + "_")
    ]
