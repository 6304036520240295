"""One variant, once, in a process of its own: `python -m bench.worker VARIANT HEAT` (HEAT as JSON)."""

import asyncio
import cProfile
import pstats
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from bench import bare, framework, product
from bench.race import Clock, Heat

Run = Callable[[Heat, Clock], Awaitable[None]]

RUNS: Mapping[str, Run] = {
    "A": partial(bare.sequential, parse=bare.with_json),
    "A_pipe": partial(bare.piped, parse=bare.with_json),
    "B": partial(bare.sequential, parse=bare.with_pydantic),
    "FastStream": framework.batches,
    "FastStream-message": framework.messages,
    "action-logger": product.serve,
}


async def _run(variant: str, heat: Heat) -> None:
    await RUNS[variant](heat, Clock(heat))


def main() -> None:
    variant, heat = sys.argv[1], Heat.read(sys.argv[2])
    if not heat.profile:
        asyncio.run(_run(variant, heat))
        return
    profile = cProfile.Profile(time.process_time)  # what others use of the machine is not in it
    profile.runcall(asyncio.run, _run(variant, heat))
    path = heat.folder / f"{variant}.pstats"
    profile.dump_stats(path)
    with (heat.folder / f"{variant}.profile.txt").open("w") as out:
        pstats.Stats(profile, stream=out).strip_dirs().sort_stats("tottime").print_stats(45)
        pstats.Stats(profile, stream=out).strip_dirs().sort_stats("cumulative").print_stats(60)


if __name__ == "__main__":
    main()
