"""What each service keeps of an event, a learner, a bulk action: described as data, for `learnwire explain`.

The shell makes the indexes that the descriptions need; the command asks. A test runs every question against real
services and fails where MongoDB would have to read a whole collection.
"""

from shared.explaining.indexes import prepare
from shared.explaining.kept import Each, Kept
from shared.explaining.tables import KEPT, indexes_of

__all__ = ["KEPT", "Each", "Kept", "indexes_of", "prepare"]
