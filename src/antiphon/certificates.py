"""The certificates that this machine trusts, read once per process.

Reading them takes about 25 ms of CPU, which every `httpx` client does again for itself if it is given none: a
server would stand still for that long at the start of every call.
"""

from __future__ import annotations

import functools
import ssl


@functools.cache
def trusted() -> ssl.SSLContext:
    """For ``verify=`` of an `httpx` client. `SSL_CERT_FILE` counts as it stands at the first use."""
    import httpx

    return httpx.create_ssl_context()
