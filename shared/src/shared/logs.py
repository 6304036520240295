"""Logs out: structlog, one JSON object a line on standard output, the libraries' lines too."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog

from contracts.types import instant_text

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_CHATTY = ("aiokafka", "asyncio", "faststream", "httpx", "httpcore", "uvicorn.access", "pymongo", "aiosmtplib", "mail")
"""Libraries whose info lines say nothing to a person; their warnings stay."""


def set_up(
    *, service: str, version: str, instance: str, level: str = "info", form: Literal["json", "console"] | None = None
) -> None:
    """Configure structlog and the standard library's logging once, at start."""
    console = form == "console" or (form is None and sys.stdout.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        _stamped(service=service, version=version, instance=instance),
        structlog.processors.StackInfoRenderer(),
    ]
    render: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer(default=str)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _foreign],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _without_values_in_traces,
                render,
            ],
        )
    )
    root = logging.getLogger()  # noqa: TID251  this is where the standard library's lines are taken in
    root.handlers = [handler]
    root.setLevel(_LEVELS[level])
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(_LEVELS[level], logging.WARNING))  # noqa: TID251  as above
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)  # noqa: TID251  as above
        logger.handlers, logger.propagate = [], True
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # noqa: TID251  its start and stop lines double ours


def _stamped(**fixed: str) -> structlog.typing.Processor:
    def add(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        line.update(fixed)
        line["timestamp"] = _now_text()
        return line

    return add


def _now_text() -> str:
    from datetime import UTC, datetime  # noqa: PLC0415  kept beside its one use: nothing else here has a clock

    return instant_text(datetime.now(UTC))


def _foreign(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Give a library's line a constant event name; its text goes to `message`."""
    record = line.get("_record")
    line["message"] = line.get("event", "")
    line["event"] = "library.logged"
    line["logger"] = getattr(record, "name", "")
    if getattr(record, "levelno", 0) >= logging.WARNING:
        line["next_step"] = "a library's own line: see what our lines say around it"
    return line


def _without_values_in_traces(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep of an exception its type and where it came from: its text may hold a value of the record."""
    info: Any = line.pop("exc_info", None)
    error: Any = sys.exc_info()[1] if info is True else info
    if isinstance(error, tuple):
        error = error[1]  # pyright: ignore[reportUnknownVariableType]  the standard library's (type, error, trace)
    if isinstance(error, BaseException):
        line["error"] = type(error).__name__
        line["trace"] = trace_of(error)
    return line


def trace_of(error: BaseException, *, most: int = 12) -> list[str]:
    """Return the innermost frames as `file:line function`, without any value."""
    frames: list[str] = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{'/'.join(code.co_filename.rsplit('/', 2)[1:])}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return frames[-most:]
