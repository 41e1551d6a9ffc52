"""Frames of MP3 files: how long the sound is, where the decoder only guesses.

Without a Xing or VBRI header the decoder takes the first bit rate for all, and what lies beyond the length so
guessed would be lost without a word. Source of the layout: ISO/IEC 11172-3 and 13818-3, layer III.
"""

import re
import shutil
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_SEARCH = 2**18  # bytes of junk that may come before the first frame
_KBITS = (
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),  # MPEG 1
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),  # MPEG 2 and 2.5
)
_RATES = (44_100, 48_000, 32_000)  # of MPEG 1; halves and quarters in the others
DECODER_DELAY = 529  # samples of layer III that the decoder takes off where there is a Xing header
_FRAME_MIN = 192  # bytes; a smaller file has not one frame of a usual bit rate


@dataclass(frozen=True, slots=True)
class _Frame:
    """One frame of layer III, from its four bytes of header."""

    size: int  # bytes
    samples: int
    side_info: int  # bytes between the header and what follows it


def may_be_mpeg(path: Path) -> bool:
    """Return whether MPEG audio can begin near the start of a file; if not, its decoder writes to stderr.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(_SEARCH)
    return start[:3] == b"ID3" or re.search(rb"\xff[\xe0-\xff]", start) is not None


def promised_end(file: BinaryIO) -> int | None:
    """Return the end of the file that its Xing or Info header promises; None when there is none."""
    start = _first_frame(file)
    file.seek(start)
    head = file.read(_FRAME_MIN)
    frame = _parse(head)
    if frame is None:
        return None
    if len(head) < _FRAME_MIN:
        return start + _FRAME_MIN
    tag = 4 + frame.side_info
    if head[tag : tag + 4] not in (b"Xing", b"Info") or not head[tag + 7] & 2:  # flag 2: the size is there
        return None
    at = tag + (12 if head[tag + 7] & 1 else 8)
    return start + int.from_bytes(head[at : at + 4], "big")


def counted_samples(path: Path) -> int | None:
    """Count the samples that the decoder's own delay leaves, frame by frame; None when a header tells them.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        at = _first_frame(file)
        file.seek(at)
        head = file.read(_FRAME_MIN)
        frame = _parse(head)
        if frame is None or head[4 + frame.side_info :][:4] in (b"Xing", b"Info") or head[36:40] == b"VBRI":
            return None
        samples = 0
        while frame is not None:
            samples += frame.samples
            at += frame.size
            file.seek(at)
            frame = _parse(file.read(4))
        return max(0, samples - DECODER_DELAY)


def write_with_length(path: Path, target: Path, samples: int) -> None:
    """Copy an MP3 file with a Xing header that tells its length, which the decoder then believes.

    Args:
        path: a file without such a header.
        target: the copy.
        samples: as counted.

    Raises:
        OSError: a file cannot be read or written.
    """
    with path.open("rb") as file, target.open("wb") as copy:
        start = _first_frame(file)
        file.seek(start)
        head = bytearray(file.read(4))
        head[1] |= 1  # no checksum
        head[2] = head[2] & 0x0C | 0x90  # the same rate, a bit rate with room for the header, no padding
        frame = _parse(head)
        if frame is None:
            raise OSError("there is no frame of MPEG audio")
        content = bytes(head) + bytes(frame.side_info)
        size = frame.size + path.stat().st_size - start
        content += struct.pack(">4sIII", b"Xing", 3, (samples + DECODER_DELAY) // frame.samples, size)
        copy.write(content.ljust(frame.size, b"\0"))
        file.seek(start)
        shutil.copyfileobj(file, copy)


def _first_frame(file: BinaryIO) -> int:
    """Return where the sound begins: after the ID3 tag, if there is one."""
    file.seek(0)
    head = file.read(10)
    if head[:3] != b"ID3" or len(head) < 10:
        return 0
    size = sum((byte & 0x7F) << shift for byte, shift in zip(head[6:], (21, 14, 7, 0), strict=True))
    return 10 + size + (10 if head[5] & 0x10 else 0)  # a footer repeats the head


def _parse(head: bytes | bytearray) -> _Frame | None:
    """Return the frame of a header, or None when it is none of layer III."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:  # eleven bits of sync, layer III
        return None
    version = head[1] >> 3 & 3  # 3: MPEG 1, 2: MPEG 2, 0: MPEG 2.5
    kbit_index, rate_index = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or rate_index == 3 or kbit_index in (0, 15):
        return None
    first = version == 3
    rate = _RATES[rate_index] // {3: 1, 2: 2, 0: 4}[version]
    mono = head[3] >> 6 == 3
    size = (144_000 if first else 72_000) * _KBITS[0 if first else 1][kbit_index] // rate + (head[2] >> 1 & 1)
    side_info = (17 if mono else 32) if first else (9 if mono else 17)
    return _Frame(size, 1152 if first else 576, side_info)
