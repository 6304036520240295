"""action-logger as it will be after the vocabulary has grown by one pair: run as a program, by the test beside it.

The words are added where the next version of `contracts` would add them, before anything has read them.
"""

from types import MappingProxyType

from contracts import vocabulary

GROWN = ("status_change", "video_watched")

if __name__ == "__main__":
    type_, source = GROWN
    vocabulary._MEANINGS[type_][source] = "Watched a video to its end"  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  stands in for a newer contracts
    vocabulary.PAIRS = MappingProxyType({**vocabulary.PAIRS, GROWN: "Watched a video to its end"})

    from action_logger.app import main

    main()
