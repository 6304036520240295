"""Alerts about Salesforce, before, during and after their faults."""

import asyncio
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from contracts import Envelope
from tests.ops.prometheus import Prometheus, watched
from tests.salesforce_syncer.stage import Someone, a_portal, at
from tests.salesforce_syncer.standin import StandIn, running
from tests.world import SCRIPTS, Process, World

pytestmark = pytest.mark.long


async def test_salesforce_is_gone_refuses_runs_out_of_calls_and_guards_its_rows(world: World, tmp_path: Path) -> None:
    with ExitStack() as stack:
        standin = stack.enter_context(running(tmp_path))
        settings = standin.settings() | {"SALESFORCE_DELETE_GUARD_ROWS": "1", "SALESFORCE_DELETE_GUARD_PERCENT": "1"}
        syncer = world.service("salesforce-syncer", **settings)
        async with watched(world, tmp_path, syncer) as prometheus:
            old = {"> 1800": "> 5"}
            await tell(world, (0, a_portal("acme")))
            await prometheus.quiet("SalesforceStopped")
            await prometheus.quiet("SalesforceBehind", scaled=old)
            await prometheus.page_says("SalesforceStopped", syncer, healthy=True)
            someone, user = Someone(), standin.user()
            standin.fault("unavailable", times=None)
            await tell(world, someone.linked(1, user), *(someone.enrolled(f"e{n}", 1) for n in range(4)))
            await prometheus.fires("SalesforceStopped", {"object": "org"})
            await prometheus.page_says("SalesforceStopped", syncer, healthy=False)
            await prometheus.speaks("SalesforceBehind", scaled=old)
            await prometheus.page_says("SalesforceBehind", syncer, healthy=False)
            standin.heal()
            await prometheus.quiet("SalesforceStopped")
            await prometheus.page_says("SalesforceStopped", syncer, healthy=True)
            await prometheus.quiet("SalesforceBehind", scaled=old)
            await prometheus.page_says("SalesforceBehind", syncer, healthy=True)
            await quota_low(world, prometheus, syncer, standin)
            await rows_rejected(world, prometheus, syncer, standin, someone)
            await deletes_wait(world, prometheus, syncer, someone)


async def quota_low(world: World, prometheus: Prometheus, syncer: Process, standin: StandIn) -> None:
    await prometheus.quiet("SalesforceQuotaLow")
    limits = standin.api("GET", "/limits")["DailyApiRequests"]
    standin.admin("POST", "/settings", {"used": int(limits["Max"] * 0.9)})
    await tell(world, (0, a_portal("calls")))  # any answer tells how many calls are left
    await prometheus.fires("SalesforceQuotaLow", {})
    await prometheus.page_says("SalesforceQuotaLow", syncer, healthy=False)
    standin.admin("POST", "/settings", {"used": 0})
    await tell(world, (0, a_portal("more-calls")))
    await prometheus.quiet("SalesforceQuotaLow")


async def rows_rejected(
    world: World, prometheus: Prometheus, syncer: Process, standin: StandIn, someone: Someone
) -> None:
    await prometheus.quiet("SalesforceRowsRejected")
    await prometheus.page_says("SalesforceRowsRejected", syncer, healthy=True)
    key = someone.key("e0")
    standin.fault("row_error", code="FIELD_CUSTOM_VALIDATION_EXCEPTION", message="no", keys=[key], times=None)
    await tell(world, someone.enrolled("e0", 2, "passed"))
    await prometheus.fires("SalesforceRowsRejected", {"object": "LearnUponEnrollment__c"})
    await prometheus.page_says("SalesforceRowsRejected", syncer, healthy=False)
    standin.heal()
    await tell(world, someone.enrolled("e0", 3, "passed"))
    await prometheus.quiet("SalesforceRowsRejected")
    await prometheus.page_says("SalesforceRowsRejected", syncer, healthy=True)


async def deletes_wait(world: World, prometheus: Prometheus, syncer: Process, someone: Someone) -> None:
    await prometheus.quiet("SalesforceDeletesWait")
    await prometheus.page_says("SalesforceDeletesWait", syncer, healthy=True)
    await tell(world, *(someone.removed(f"e{n}", 5) for n in range(4)))
    await prometheus.fires("SalesforceDeletesWait", {})
    await prometheus.page_says("SalesforceDeletesWait", syncer, healthy=False)
    done = await asyncio.to_thread(
        subprocess.run,
        [SCRIPTS / "salesforce-syncer", "approve-deletes", "acme", "--json"],
        env=syncer.environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    await prometheus.quiet("SalesforceDeletesWait")
    await prometheus.page_says("SalesforceDeletesWait", syncer, healthy=True)


async def tell(world: World, *facts: tuple[float, Any]) -> None:
    await world.publish(*(Envelope.of(data, source="/lms/acme", time=at(hour)) for hour, data in facts))
