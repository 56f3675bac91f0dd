"""Lossless packing of sound, after Shorten (T. Robinson, 1994): a fixed linear predictor and Rice codes.

Each piece stands for itself, also one of 20 ms. The better predictor of two is taken for a whole piece, a
Rice parameter for every `BLOCK` samples. Clean speech becomes a third shorter, speech with pauses more than
half, silence almost nothing. A piece that would not become shorter (noise at full scale, an odd number of
bytes) is kept as it is.

A packed piece begins with its kind: 0 for a piece as it is, which follows; else the order of the predictor.
Then come the number of samples and the bytes of the unary part (u32, little endian), a Rice parameter per
block (u8; 255: all its residuals are zero and nothing of it follows), the quotients of the other blocks in
unary (zeros and a one each), and the remainders, grouped by parameter. Bits are filled in from the highest.
"""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

BLOCK = 320
"""Samples that share a Rice parameter: 20 ms at 16 kHz."""

AS_IT_IS, ZERO = 0, 255
ORDERS = (1, 2)
MOST_BITS = 16
LARGEST = 1 << 23
"""Samples that a packed piece may have, nearly six minutes at 24 kHz: a damaged number takes no memory."""

_HEAD = struct.Struct("<BII")

Ints = NDArray[np.int32]


def pack(pcm: bytes) -> bytes:
    """Pack mono PCM, s16le."""
    whole, samples = bytes([AS_IT_IS]) + pcm, len(pcm) // 2
    if not pcm or len(pcm) % 2 or samples > LARGEST:
        return whole
    if pcm.count(0) == len(pcm):
        return min(_HEAD.pack(ORDERS[0], samples, 0) + bytes([ZERO]) * -(-samples // BLOCK), whole, key=len)
    order, folded = _predict(np.frombuffer(pcm, "<i2").astype(np.int32))
    parameters = _parameters(folded)
    used = sorted({k for k in parameters if k != ZERO})
    if used and used[-1] > MOST_BITS:
        return whole
    per_sample = None
    if len(used) > 1 or ZERO in parameters:
        per_sample = _per_sample(parameters, len(folded))
        folded, per_sample = folded[per_sample != ZERO], per_sample[per_sample != ZERO]
    quotients = folded >> (used[0] if used else 0) if per_sample is None else folded >> per_sample
    unary = _unary(quotients)
    remainders = [_low_bits(folded if per_sample is None else folded[per_sample == k], k) for k in used if k]
    head = _HEAD.pack(order, samples, len(unary))
    return min(b"".join((head, bytes(parameters), unary, *remainders)), whole, key=len)


def unpack(packed: bytes) -> bytes:
    """What `pack` was given. Raises ValueError for anything else."""
    if packed[:1] == bytes([AS_IT_IS]):
        return packed[1:]
    if len(packed) < _HEAD.size or packed[0] not in ORDERS:
        raise ValueError("this is no packed sound")
    order, samples, unary_bytes = _HEAD.unpack_from(packed)
    at = _HEAD.size - (-samples // BLOCK)
    if samples > LARGEST or at + unary_bytes > len(packed):
        raise ValueError("packed sound is cut off")
    parameters, kinds = packed[_HEAD.size : at], set(packed[_HEAD.size : at])
    coded, at = packed[at : at + unary_bytes], at + unary_bytes
    if kinds == {ZERO} and not unary_bytes:
        return bytes(2 * samples)
    if len(kinds) == 1 and ZERO not in kinds:  # as in all packets of 20 ms: there is nothing to sort apart
        folded = _quotients(coded, samples)
        _add_low_bits(folded, packed[at:], kinds.pop())
        return _restore(folded, order).astype("<i2").tobytes()
    per_sample = _per_sample(parameters, samples)
    not_zero = per_sample != ZERO
    own = per_sample[not_zero]
    values = _quotients(coded, len(own))
    for k in sorted(kinds - {0, ZERO}):
        some = values[own == k]
        at += _add_low_bits(some, packed[at:], k)
        values[own == k] = some
    folded = np.zeros(samples, np.int64)
    folded[not_zero] = values
    return _restore(folded, order).astype("<i2").tobytes()


def _predict(samples: Ints) -> tuple[int, Ints]:
    """The order of the better predictor, and its residuals, folded: 0, -1, 1, -2 become 0, 1, 2, 3."""
    first = samples.copy()
    first[1:] -= samples[:-1]
    second = first.copy()
    second[1:] -= first[:-1]
    ones, twos = (first << 1) ^ (first >> 31), (second << 1) ^ (second >> 31)
    return (1, ones) if int(ones.sum()) <= int(twos.sum()) else (2, twos)


def _restore(folded: NDArray[np.int64], order: int) -> NDArray[np.int64]:
    samples = (folded >> 1) ^ -(folded & 1)
    for _ in range(order):
        samples = samples.cumsum()
    return samples


def _parameters(folded: Ints) -> list[int]:
    """For each block its Rice parameter, about the logarithm of the mean."""
    starts = range(0, len(folded), BLOCK)
    sums: list[int] = np.add.reduceat(folded, list(starts), dtype=np.int64).tolist()
    lengths = (min(BLOCK, len(folded) - start) for start in starts)
    return [
        (3 * total // (4 * length)).bit_length() if total else ZERO
        for total, length in zip(sums, lengths, strict=True)
    ]


def _per_sample(parameters: list[int] | bytes, samples: int) -> NDArray[np.uint8]:
    return np.repeat(np.frombuffer(bytes(parameters), np.uint8), BLOCK)[:samples]


def _unary(quotients: Ints) -> bytes:
    if not len(quotients):
        return b""
    ends = np.cumsum(quotients + 1)
    bits = np.zeros(int(ends[-1]), np.uint8)
    bits[ends - 1] = 1
    return np.packbits(bits).tobytes()


def _quotients(unary: bytes, count: int) -> NDArray[np.int64]:
    ends = np.flatnonzero(np.unpackbits(np.frombuffer(unary, np.uint8)))
    if len(ends) != count:
        raise ValueError("packed sound is damaged")
    ends[1:] -= ends[:-1] + 1
    return ends


def _low_bits(values: Ints, k: int) -> bytes:
    bits = np.unpackbits(values.astype(">u2").view(np.uint8)).reshape(-1, 16)
    return np.packbits(bits[:, MOST_BITS - k :]).tobytes()


def _add_low_bits(values: NDArray[np.int64], packed: bytes, k: int) -> int:
    """Shift `values` and fill in their remainders, in place. Returns how many bytes they took."""
    if k == 0:
        return 0
    size = -(-len(values) * k // 8)
    if k > MOST_BITS or len(packed) < size:
        raise ValueError("packed sound is damaged")
    found = np.unpackbits(np.frombuffer(packed, np.uint8, size), count=len(values) * k)
    bits = np.zeros((len(values), MOST_BITS), np.uint8)
    bits[:, MOST_BITS - k :] = found.reshape(-1, k)
    values <<= k
    values |= np.packbits(bits).view(">u2")
    return size
