"""An org that has the objects from a managed package: every name of ours carries its namespace."""

import asyncio
import subprocess
from pathlib import Path

from tests.salesforce_syncer.stage import Someone, shown, staged, stamp
from tests.world import SCRIPTS

NAMESPACE = "acme_lms"


def own(name: str) -> str:
    return f"{NAMESPACE}__{name}"


async def test_with_a_namespace_rows_are_written_read_back_moved_and_deleted(
    kafka: str, mongo_uri: str, used_prefixes: list[str], tmp_path: Path
) -> None:
    # Eight rows of an object become a bulk job, though they are read in two parts.
    settings = {"SALESFORCE_NAMESPACE": NAMESPACE, "SALESFORCE_BULK_ROWS": "3"}
    async with staged(kafka, mongo_uri, used_prefixes, tmp_path, "--namespace", NAMESPACE, **settings) as stage:
        standin, someone = stage.standin, Someone()
        user, contact, master = standin.user(), standin.contact(), standin.contact()
        await stage.tell(someone.linked(1, user), someone.linked(1, contact), someone.accessed(2))
        await stage.tell(*(someone.enrolled(f"e{n}", 3, "passed", score=70 + n) for n in range(8)))
        await stage.tell(someone.enrolled("e9", 1), someone.on_path("p1", 1, done=2))
        names = [own(f"{name}__c") for name in ("LearnUponEnrollment", "LearnUponContactEnrollment")]
        await stage.shows(lambda: [len(standin.rows(each)) for each in names], [9, 9], seconds=120)
        row = (
            user,
            "passed",
            73,
            stamp(3),
            standin.rows(own("LearnUpon_Portal_Membership__c"))[someone.membership]["Id"],
        )
        fields = ("User__c", "Status__c", "Score__c", "Completed_At__c", "Membership__c")
        assert shown(standin, names[0], someone.key("e3"), *map(own, fields)) == row
        profile = [own(f"LearnUpon_{each}__c") for each in ("Courses_Enrolled", "Courses_Passed", "Last_Accessed")]
        await stage.shows(lambda: shown(standin, "User", user, *profile), (9, 8, stamp(2)))
        assert standin.calls()["kinds"]["bulk.ingest"] >= 1

        standin.admin("POST", "/merge", {"object": "Contact", "master": master, "losers": [contact]})
        await stage.tell(someone.removed("e9", 4), someone.enrolled("e0", 5, "failed"))
        await stage.shows(lambda: [len(standin.rows(each)) for each in names], [8, 8], seconds=120)
        await stage.shows(
            lambda: shown(standin, names[1], someone.key("e0"), own("Contact__c"), own("Status__c")), (master, "failed")
        )
        await stage.shows(lambda: shown(standin, "Contact", master, *profile), (8, 7, stamp(2)))
        proof = await asyncio.create_subprocess_exec(
            SCRIPTS / "salesforce-syncer", "proof", env=stage.syncer.environment, stdout=subprocess.PIPE
        )
        printed, _ = await proof.communicate()
        assert (proof.returncode, printed.decode().split(" rows")[1]) == (0, " compared, no drift\n")
