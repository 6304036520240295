"""Two portals and the people on them, all invented."""

from typing import Any

from learnwire_local.demo.stories.ledger import Ledger, Person, ago

MIRA = Person("L-101", "acme", "Mira", "Solberg", "user")
TOMAS = Person("L-102", "acme", "Tomas", "Ruiz", "user")
AIKO = Person("L-103", "acme", "Aiko", "Tanabe", "user")
NADIA = Person("L-104", "acme", "Nadia", "Haddad", "user")
OLEK = Person("L-105", "acme", "Olek", "Wrona", "user", leaves="unlinked")
JUNE = Person("L-106", "acme", "June", "Okafor", "user")
LENA = Person("L-107", "acme", "Lena", "Vogt", "user contact")
QUINN = Person("L-108", "acme", "Quinn", "Abara")
DESK_A = Person("L-109", "acme", "Robin", "Castell", mailbox="front.desk")
DESK_B = Person("L-110", "acme", "Toni", "Mercer", mailbox="front.desk")
SAM = Person("P-201", "orchard", "Sam", "Petrie", "contact")
INES = Person("P-202", "orchard", "Ines", "Duarte", "contact", record="ines.duarte")
INES_AT_ACME = Person("L-111", "acme", "Ines", "Duarte", "contact", record="ines.duarte")
FARID = Person("P-203", "orchard", "Farid", "Nazari", "contact")
GRETA = Person("P-204", "orchard", "Greta", "Lund", "contact")
PAVEL = Person("P-205", "orchard", "Pavel", "Horak", "contact", leaves="erased")

EVERYBODY = (
    MIRA, TOMAS, AIKO, NADIA, OLEK, JUNE, LENA, QUINN, DESK_A, DESK_B, SAM, INES, INES_AT_ACME, FARID, GRETA, PAVEL
)  # fmt: skip
FILE = "2-learners"
PORTALS = {"acme": "Acme Academy", "orchard": "Orchard Partner Campus"}


def tell(ledger: Ledger) -> None:
    for portal_id, name in PORTALS.items():
        data = {
            "portal_id": portal_id,
            "name": name,
            "url": f"https://{portal_id}.lms.example",
            "connected_at": ago(days=6, hours=4),
            "version": 1,
        }
        ledger.event("1-portals", "portal.connected", data, ago(days=6, hours=4))
        ledger.row("LearnUpon_Portal__c", portal_id, Portal_Name__c=name)
    for person in EVERYBODY:
        _arrive(ledger, person)
    ledger.repeat(FILE, 0.1)
    for person in EVERYBODY:
        if person.leaves:
            _leave(ledger, person)


def records() -> list[dict[str, Any]]:
    """The Users and Contacts that are in Salesforce before the week begins."""
    found: dict[str, dict[str, Any]] = {}
    for person in EVERYBODY:
        for kind in person.link.split():
            fields = {"FirstName": person.first, "LastName": person.last, "Email": person.email}
            if kind == "user":
                fields["Username"] = person.email
            found[person.record_of(kind)] = {"record": person.record_of(kind), "fields": fields}
    return list(found.values())


def _arrive(ledger: Ledger, person: Person) -> None:
    who: dict[str, Any] = {"portal_id": person.portal_id, "learner_id": person.learner_id}
    came = ago(days=6, hours=ledger.chance.uniform(0, 3))
    names = {"first_name": person.first, "last_name": person.last}
    ledger.event(FILE, "learner.changed", who | names | {"email": person.email, "version": 1}, came)
    if person.link:
        ledger.row(
            "LearnUpon_Portal_Membership__c", f"{person.portal_id}:{person.learner_id}", Learner_Id__c=person.learner_id
        )
    for kind in person.link.split():
        link = {
            "salesforce_kind": kind,
            "salesforce_id": f"{{{person.record_of(kind)}}}",
            "via": "tab_opened" if kind == "user" else "contact_imported",
            "linked_at": came,
        }
        ledger.event(FILE, "learner.linked", who | link, came)
    for hours in sorted(ledger.chance.uniform(1, 120) for _ in range(ledger.chance.randint(0, 2))):
        ledger.event(FILE, "learner.accessed", who | {"accessed_at": ago(hours=hours)}, ago(hours=hours))


def _leave(ledger: Ledger, person: Person) -> None:
    who: dict[str, Any] = {"portal_id": person.portal_id, "learner_id": person.learner_id}
    if person.leaves == "unlinked":
        left = who | {"salesforce_kind": person.link, "unlinked_at": ago(hours=2)}
        ledger.event("8-sunday", "learner.unlinked", left, ago(hours=2))
    else:
        gone = who | {"email": person.email, "erased_at": ago(minutes=10)}
        ledger.event("8-sunday", "learner.erased", gone, ago(minutes=10))
        del ledger.salesforce["LearnUpon_Portal_Membership__c"][f"{person.portal_id}:{person.learner_id}"]
