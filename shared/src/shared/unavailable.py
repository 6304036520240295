"""What a driver's error means: may waiting help?"""

from shared import kafka, mongo
from shared.failures import Unavailable


def as_unavailable(error: BaseException) -> Unavailable | None:
    """Return what an error of any dependency means if waiting may help, else None."""
    return mongo.as_unavailable(error) or kafka.as_unavailable(error)
