"""The standard objects as far as the stand-in needs them: every org has them, no project deploys them."""

from dataclasses import replace

from salesforce_standin.schema.model import Field, SObject, sobject


def _read_only(name: str, label: str, kind: str, **more: object) -> Field:
    return replace(Field(name, label, "string"), kind=kind, createable=False, updateable=False, **more)


def _reference(name: str, label: str, to: str, *, relationship: str, required: bool = False) -> Field:
    return Field(name, label, "reference", 18, refers_to=to, relationship=relationship, required=required)


def system_fields() -> tuple[Field, ...]:
    """What every object has; `Name` comes in between."""
    return (
        _read_only("Id", "Record ID", "id", length=18, id_lookup=True, case_sensitive=True),
        _read_only("IsDeleted", "Deleted", "boolean"),
        _read_only("CreatedDate", "Created Date", "datetime"),
        _read_only("CreatedById", "Created By ID", "reference", length=18, refers_to="User", relationship="CreatedBy"),
        _read_only("LastModifiedDate", "Last Modified Date", "datetime"),
        _read_only(
            "LastModifiedById",
            "Last Modified By ID",
            "reference",
            length=18,
            refers_to="User",
            relationship="LastModifiedBy",
        ),
        _read_only("SystemModstamp", "System Modstamp", "datetime"),
    )


def owner() -> Field:
    return _reference("OwnerId", "Owner ID", "User", relationship="Owner")


def make(name: str, label: str, plural: str, prefix: str, fields: tuple[Field, ...], **flags: bool) -> SObject:
    """An object with its system fields."""
    everything = {one.name: one for one in (*system_fields(), *fields)}
    return replace(sobject(SObject(name, label, plural, prefix, everything)), **flags)


def _text(name: str, label: str, length: int, *, required: bool = False) -> Field:
    return Field(name, label, "string", length, required=required)


def _person() -> tuple[Field, ...]:
    return (
        _read_only("Name", "Full Name", "string", length=121),
        _text("FirstName", "First Name", 40),
        _text("LastName", "Last Name", 80, required=True),
    )


def _user() -> SObject:
    # The real object wants Alias, ProfileId and four locale fields too; here they have defaults, to make test data short.
    return make(
        "User", "User", "Users", "005",
        (
            Field("Username", "Username", "string", 80, required=True, unique=True, id_lookup=True),
            *_person(),
            Field("Email", "Email", "email", 128, required=True),
            Field("Alias", "Alias", "string", 8, default="learner"),
            Field("IsActive", "Active", "boolean", default=True),
            Field("FederationIdentifier", "SAML Federation ID", "string", 512, unique=True, case_sensitive=True),
            Field("EmployeeNumber", "Employee Number", "string", 20),
            Field("TimeZoneSidKey", "Time Zone", "string", 40, default="GMT"),
            Field("LocaleSidKey", "Locale", "string", 40, default="en_US"),
            Field("EmailEncodingKey", "Email Encoding", "string", 40, default="UTF-8"),
            Field("LanguageLocaleKey", "Language", "string", 40, default="en_US"),
            _reference("ProfileId", "Profile ID", "Profile", relationship="Profile"),
            _reference("ContactId", "Contact ID", "Contact", relationship="Contact"),
            Field("UserType", "User Type", "string", 40, default="Standard", createable=False, updateable=False),
        ),
        deletable=False, setup=True,
    )  # fmt: skip


def _contact() -> SObject:
    return make(
        "Contact", "Contact", "Contacts", "003",
        (
            replace(_reference("MasterRecordId", "Master Record ID", "Contact", relationship="MasterRecord"), createable=False, updateable=False),
            *_person(),
            Field("Email", "Email", "email", 80, id_lookup=True),
            Field("Phone", "Business Phone", "phone", 40),
            Field("Title", "Title", "string", 128),
            _reference("AccountId", "Account ID", "Account", relationship="Account"),
            owner(),
        ),
    )  # fmt: skip


def _named(name: str, plural: str, prefix: str, *more: Field, **flags: bool) -> SObject:
    return make(name, name, plural, prefix, (_text("Name", f"{name} Name", 255, required=True), *more), **flags)


def standard_objects() -> dict[str, SObject]:
    objects = (
        _user(),
        _contact(),
        _named("Account", "Accounts", "001", Field("Website", "Website", "url", 255), owner()),
        _named("Profile", "Profiles", "00e", writable=False, deletable=False),
        _named(
            "Organization", "Organizations", "00D",
            _text("InstanceName", "Instance Name", 5), Field("IsSandbox", "Is Sandbox", "boolean"),
            Field("TrialExpirationDate", "Trial Expiration Date", "datetime"), _text("NamespacePrefix", "Namespace Prefix", 15),
            _text("OrganizationType", "Edition", 40),
            writable=False, deletable=False,
        ),
    )  # fmt: skip
    return {one.name: one for one in objects}
