"""Puts a process's clock forward or back: on its PYTHONPATH, with CLOCK_SHIFT_SECONDS. Python imports it before all else.

What waits is left alone (`time.monotonic`), as a wrong clock leaves it alone too.
"""  # noqa: INP001  Python looks for it by this name on its path

import ctypes
import gc
import os
import time
from datetime import datetime, timedelta, tzinfo

SHIFT = float(os.environ["CLOCK_SHIFT_SECONDS"])

_time, _time_ns, _now = time.time, time.time_ns, datetime.now


def _shifted_now(cls: type[datetime], tz: tzinfo | None = None) -> datetime:
    del cls
    return _now(tz) + timedelta(seconds=SHIFT)


time.time = lambda: _time() + SHIFT
time.time_ns = lambda: _time_ns() + int(SHIFT * 1e9)
# `datetime` is a type of C's, whose attributes cannot be set; the dictionary behind them can. A subclass in its place
# would be another type to all who compare types (BSON, Pydantic).
gc.get_referents(datetime.__dict__)[0]["now"] = classmethod(_shifted_now)
ctypes.pythonapi.PyType_Modified(ctypes.py_object(datetime))
