"""Text for speech: cutting it into chunks, saying it, timing it, comparing it. No I/O, no clock."""
