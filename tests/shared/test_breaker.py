"""When a partition stands still."""

from shared.consumer.breaker import Breaker


def test_ten_unexpected_errors_in_a_row_trip_and_nine_with_a_good_one_between_do_not() -> None:
    breaker = Breaker(in_a_row=10, percent=20)
    assert [breaker.unexpected() for _ in range(9)] == [False] * 9
    breaker.handled()
    assert [breaker.unexpected() for _ in range(10)] == [False] * 9 + [True]


def test_two_hundred_invalid_among_a_thousand_pass_and_one_more_trips() -> None:
    breaker = Breaker(in_a_row=10, percent=20)
    assert not any(breaker.judge(good=number >= 200) for number in range(1000))
    other = Breaker(in_a_row=10, percent=20)
    judged = [other.judge(good=number >= 201) for number in range(1000)]
    assert judged == [False] * 999 + [True]


def test_nothing_is_judged_before_a_thousand_were_seen() -> None:
    breaker = Breaker(in_a_row=10, percent=20)
    assert not any(breaker.judge(good=False) for _ in range(999))


def test_only_the_last_thousand_count() -> None:
    breaker = Breaker(in_a_row=10, percent=20)
    for number in range(1000):
        breaker.judge(good=number >= 200)
    assert not any(breaker.judge(good=True) for _ in range(200))
    assert not any(breaker.judge(good=False) for _ in range(200))
    assert breaker.judge(good=False)
