"""What the log shows is a function of the set of facts: no order, no repetition changes it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.action_logger.histories import Fact, expected, histories, retold
from tests.action_logger.pure_log import PureLog


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_any_order_with_repetitions_shows_the_same_rows(data: st.DataObject) -> None:
    history: list[Fact] = data.draw(histories)
    once = PureLog().take(history)
    again = PureLog().take(data.draw(retold(history)))
    assert once.view() == again.view() == expected(history)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_nothing_of_an_address_is_kept_that_no_row_shows(data: st.DataObject) -> None:
    log = PureLog().take(data.draw(histories))
    shown = {address for _, address in log.view().values()}
    kept = {address for address, person in log.people.items() if person.email is not None}
    assert kept <= shown
