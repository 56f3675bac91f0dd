"""Does a service keep what hosts rely on? One suite per kind of service, for fakes and real ones alike.

Each `check_*` takes a factory and runs every check on services that it makes. It returns a Report of what was
checked, or raises ConformanceError for the first promise that is not kept. Cancellation is tried at every
point where the service waits (at most `points` of them, spread evenly) and after every item that it gives.

The checks run on the loop they are called on. They cannot see threads or processes that a service leaves
behind, only tasks.
"""

from antiphon.testing.conformance.checker import ConformanceError, Report
from antiphon.testing.conformance.llm import check_llm
from antiphon.testing.conformance.stt import check_stt
from antiphon.testing.conformance.tts import check_tts

__all__ = ["ConformanceError", "Report", "check_llm", "check_stt", "check_tts"]
