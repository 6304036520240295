"""Error reports: when there is one, and what its file is called."""

from datetime import timedelta

import pytest

from bulk_tracker.domain.action import Rules
from bulk_tracker.domain.erasure import without_addresses
from bulk_tracker.domain.reports import Report, cells, report_of, row_identity
from bulk_tracker.domain.vocabulary import made_reference
from contracts.types import normal_email
from tests.bulk_tracker.facts import a_row, at, finished, rows_reported, started, submitted
from tests.bulk_tracker.test_status import after, judged

RULES = Rules()
WEEK = timedelta(days=7)
REFERENCE = made_reference(portal_id="acme", action_id="a-1")


def test_a_report_is_there_for_seven_times_24_hours_from_the_finish() -> None:
    action = after(submitted(), rows_reported(1), finished(5))
    name = f"users-march-errors-{REFERENCE}.csv"
    available = Report("available", at(5) + WEEK, name)
    assert report_of(action, now=at(5) + WEEK - timedelta(seconds=1), rules=RULES) == available
    assert report_of(action, now=at(5) + WEEK, rules=RULES) == Report("expired", at(5) + WEEK)


def test_after_a_timeout_the_week_runs_from_its_moment() -> None:
    action = judged(after(submitted(), rows_reported(1), started(5)), at(300))
    assert report_of(action, now=at(300), rules=RULES).expires_at == at(65) + WEEK


def test_there_is_no_report_before_the_end_and_none_without_rows() -> None:
    assert report_of(after(submitted(), rows_reported(1)), now=at(9), rules=RULES) == Report("none")
    assert report_of(after(submitted(), finished(1)), now=at(9), rules=RULES) == Report("none")


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ((), "report-errors-R1.csv"),
        (("users-march.csv",), "users-march-errors-R1.csv"),
        (("users-march.csv", "b.csv", "c.csv"), "users-march-and-2-more-errors-R1.csv"),
        (("../../etc/passwd",), "passwd-errors-R1.csv"),
        (("C:\\fakepath\\Übung 1.zip",), "Übung 1-errors-R1.csv"),
        (("evil\u202egpj.csv",), "evilgpj-errors-R1.csv"),
        (("..",), "report-errors-R1.csv"),
        (("archive.tar.gz",), "archive.tar-errors-R1.csv"),
        (("x" * 900 + ".csv",), "x" * 100 + "-errors-R1.csv"),
    ],
)
def test_a_report_is_called_after_the_uploaded_file(files: tuple[str, ...], name: str) -> None:
    action = after(submitted(file_names=files, reference_id="R1"), rows_reported(1), finished(5))
    assert report_of(action, now=at(6), rules=RULES).file_name == name


def test_without_a_reference_id_the_report_is_called_after_the_action() -> None:
    action = after(submitted(action_type="reminders", file_names=()), rows_reported(1), finished(5))
    assert report_of(action, now=at(6), rules=RULES).file_name == "report-errors-a-1.csv"


def test_row_0_is_the_whole_file_and_has_no_number() -> None:
    assert cells(row=0, status="warning", identifier="i", issue="s", resolution="r") == ("", "Warning", "i", "s", "r")


def test_the_same_row_is_one_and_any_difference_makes_another() -> None:
    known = row_identity("a-1", None, a_row(2))
    assert known == row_identity("a-1", None, a_row(2))
    others = [
        row_identity("a-2", None, a_row(2)),
        row_identity("a-1", "f", a_row(2)),
        row_identity("a-1", None, a_row(3)),
    ]
    assert known not in others


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("Ann@Acme.Example is taken", "erased is taken"),
        ("Two: 'ann@acme.example', bob@acme.example.", "Two: 'erased', bob@acme.example."),
        ("<ann@acme.example> mailto:ann@acme.example?x=1", "<erased> mailto:erased?x=1"),
        ("user=ann@acme.example!", "user=erased!"),
        ("joann@acme.example, mary.ann@acme.example", "joann@acme.example, mary.ann@acme.example"),
        ("ann@acme.example.org", "ann@acme.example.org"),
        ("no address @ all", "no address @ all"),
        ("=" * 400 + "@" + "=" * 400, "=" * 400 + "@" + "=" * 400),
    ],
)
def test_an_erased_address_goes_out_of_a_text_and_others_stay(text: str, result: str) -> None:
    assert without_addresses(text, lambda address: address == normal_email("ann@acme.example")) == result
