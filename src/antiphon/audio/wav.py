"""WAV files as bytes: `read_wav` (see `wavread`), `write_wav` and `WavWriter` (see `wavwrite`)."""

from antiphon.audio.sound import Sound
from antiphon.audio.wavread import WavError, read_wav
from antiphon.audio.wavwrite import WavWriter, write_wav

__all__ = ["Sound", "WavError", "WavWriter", "read_wav", "write_wav"]
