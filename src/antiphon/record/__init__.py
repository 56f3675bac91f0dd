"""Record and replay: a session's inputs in a log, and the session run again from them.

- `Recorder` writes a session to a log as it happens; `read_log` reads one as far as it is good.
- `replay` runs a log again through a bot, in virtual time, without models or networks.
"""
