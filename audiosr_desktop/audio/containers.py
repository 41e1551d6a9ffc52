"""Whether a file holds all the bytes that its own header promises.

The decoder shortens a cut file without a word, so the sizes in the headers are read here.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from audiosr_desktop.audio.mpeg import promised_end

_W64_GUID = bytes.fromhex("2e91cf11a5d628db04c10000")  # what follows "riff" in Sony Wave64
_OGG_PAGE_MAX = 65_307  # bytes: 27 + 255 + 255 * 255
_UNKNOWN_32 = 0xFFFFFFFF  # what a writer into a pipe puts for a size
_UNKNOWN_64 = 0xFFFFFFFFFFFFFFFF


def is_cut_short(path: Path) -> bool:
    """Return whether the header promises more sound than the file has.

    Knows WAV, RF64, Wave64, AIFF, CAF, AU, Ogg, and MP3 with a Xing header; False for all else and for
    headers that leave the size open, as those written into a pipe do.

    Raises:
        OSError: the file cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        magic = file.read(4)
        if magic in (b"RIFF", b"RIFX", b"RF64", b"FORM"):
            promised = _iff_sound_end(file, magic)
        elif magic == b"riff":
            promised = _wave64_sound_end(file)
        elif magic == b"caff":
            promised = _caf_sound_end(file)
        elif magic in (b".snd", b"dns."):
            promised = _au_sound_end(file, ">" if magic == b".snd" else "<")
        elif magic == b"OggS":
            promised = _ogg_last_page_end(file, size)
        else:
            promised = promised_end(file)
    return promised is not None and promised > size


def iff_chunks(file: BinaryIO, order: str) -> Iterator[tuple[bytes, int, int]]:
    """Walk the chunks of a RIFF or AIFF file: (id, offset of the content, size of the content).

    Args:
        file: anywhere; it is moved.
        order: "<" for RIFF and RF64, ">" for RIFX and AIFF.
    """
    at = 12
    wide_size: int | None = None
    while True:
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            return
        name, size = struct.unpack(order + "4sI", head)
        if name == b"ds64":  # of RF64: the true sizes
            file.seek(8, 1)
            wide_size = int.from_bytes(file.read(8), "little")
        if name == b"data" and size == _UNKNOWN_32 and wide_size not in (None, _UNKNOWN_64):
            size = wide_size or 0
        yield name, at + 8, size
        at += 8 + size + size % 2


def _iff_sound_end(file: BinaryIO, magic: bytes) -> int | None:
    order = ">" if magic in (b"RIFX", b"FORM") else "<"
    for name, offset, size in iff_chunks(file, order):
        if name in (b"data", b"SSND"):
            return None if size == _UNKNOWN_32 else offset + size
    return None


def _wave64_sound_end(file: BinaryIO) -> int | None:
    if file.read(12) != _W64_GUID:
        return None
    at = 40
    while True:
        file.seek(at)
        head = file.read(24)
        if len(head) < 24:
            return None
        size = int.from_bytes(head[16:], "little")  # of the chunk with its head
        if head[:4] == b"data":
            return None if size == _UNKNOWN_64 else at + size
        if size < 24:
            return None
        at += (size + 7) // 8 * 8


def _caf_sound_end(file: BinaryIO) -> int | None:
    at = 8
    while True:
        file.seek(at)
        head = file.read(12)
        if len(head) < 12:
            return None
        size = int.from_bytes(head[4:], "big", signed=True)
        if head[:4] == b"data" or size < 0:
            return None if size < 0 else at + 12 + size
        at += 12 + size


def _au_sound_end(file: BinaryIO, order: str) -> int | None:
    head = file.read(8)
    if len(head) < 8:
        return None
    offset, size = struct.unpack(order + "II", head)
    return None if size == _UNKNOWN_32 else int(offset + size)


def _ogg_last_page_end(file: BinaryIO, size: int) -> int | None:
    start = max(0, size - _OGG_PAGE_MAX)
    file.seek(start)
    tail = file.read()
    page = tail.rfind(b"OggS")
    if page < 0 or len(tail) < page + 27:
        return size + 1  # not even the head of a page where the last one must be
    lacing = tail[page + 27 : page + 27 + tail[page + 26]]
    return start + page + 27 + tail[page + 26] + sum(lacing)
