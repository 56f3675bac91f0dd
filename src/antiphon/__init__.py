"""Antiphon: real-time, multimodal AI bots."""
