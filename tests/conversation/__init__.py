"""Tests of the conversation: hosts, turns, playing, the ledger; whole calls in virtual time."""
