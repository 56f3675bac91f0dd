"""Hypothesis for all tests: no deadline per example, as machines are shared; fixed examples in CI."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("antiphon", deadline=None, derandomize="CI" in os.environ, print_blob=True)
settings.load_profile("antiphon")
