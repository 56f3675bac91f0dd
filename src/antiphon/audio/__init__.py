"""Sound as values: PCM helpers, WAV and G.711 codecs, resampling and packet sizes. No I/O, no clock."""
