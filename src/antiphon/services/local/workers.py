"""Two lanes of worker threads for the models that are too slow for the event loop.

Work that a person waits for (a final transcript, an end-of-turn judgement) takes the urgent lane; work that
is nice to have (an interim transcript) takes the idle lane, which has one thread. So an urgent job never
queues behind the interim transcripts of other calls. The threads are shared by all sessions of the process
and start with the first job.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache


@cache
def urgent_lane() -> ThreadPoolExecutor:
    """As many threads as there are cores: each job computes on one."""
    return ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="antiphon-urgent")


@cache
def idle_lane() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="antiphon-idle")
