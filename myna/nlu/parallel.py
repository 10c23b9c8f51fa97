"""Several models learned side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from joblib import Parallel, cpu_count, delayed

T = TypeVar("T")


def side_by_side(learn: Callable[..., T], jobs: Sequence[tuple[Any, ...]], much: bool) -> list[T]:
    """What `learn` makes of each job's arguments; in processes on all cores if it is much work.

    In processes, because liblinear has one source of random numbers for all threads: what is
    learned would depend on chance.
    """
    workers = min(len(jobs), cpu_count()) if much else 1
    # liblinear needs sorted rows, which are sorted in place: copy on write.
    return list(Parallel(n_jobs=workers, mmap_mode="c")(delayed(learn)(*job) for job in jobs))
