"""Tests of the engine: its contract as properties in virtual time, and each noun by itself."""
