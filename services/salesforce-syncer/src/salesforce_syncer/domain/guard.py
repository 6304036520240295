"""The delete guard: a burst of deletes in one portal is more often a mistake than a wish."""

LEAST_ROWS = 50
"""Below this a share says nothing."""


def holds(*, deletes: int, rows: int, most_rows: int, most_percent: int) -> bool:
    """Tell whether a portal's deletes must wait: `deletes` done or due within an hour, of `rows` in all."""
    if deletes > most_rows:
        return True
    return deletes >= LEAST_ROWS and deletes * 100 > rows * most_percent
