"""`tests/testing/test_scenarios.py` runs these scenarios: the plugin need not collect them a second time."""

collect_ignore_glob = ["*.scenario.toml"]
