"""Chunks of RIFF and AIFF files beside the sound: what travels with it, and at another sample rate."""

import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from audiosr_desktop.audio.containers import iff_chunks

_CARRIED_RIFF = {
    b"bext",
    b"cue ",
    b"LIST",
    b"iXML",
    b"id3 ",
    b"ID3 ",
    b"smpl",
    b"inst",
    b"axml",
    b"_PMX",
    b"cart",
}
_CARRIED_AIFF = {b"MARK", b"INST", b"COMT", b"NAME", b"AUTH", b"(c) ", b"ANNO", b"ID3 "}
_MOST_BYTES = 2**26  # of one chunk; more than any cover, and it is held in memory
_MOST_SAMPLES = 2**32 - 1  # what a position has room for: a day at 48 kHz
_TIME_REFERENCE = 338  # where bext counts the samples since midnight, EBU Tech 3285
_BEXT_TEXT = {
    "DESCRIPTION": (0, 256),
    "ORIGINATOR": (256, 32),
    "ORIGINATOR_REFERENCE": (288, 32),
    "ORIGINATION_DATE": (320, 10),
    "ORIGINATION_TIME": (330, 8),
}
_BEXT_BYTES = 602  # of a bext chunk without coding history


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk: its four letters and its content."""

    name: bytes
    data: bytes


@dataclass(frozen=True, slots=True)
class Marker:
    """A named point of a sound, or a named part when it has a length."""

    time_s: float
    name: str
    length_s: float = 0.0


def read_chunks(path: Path) -> list[Chunk]:
    """Return the chunks of a RIFF or AIFF file that travel with its sound."""
    chunks = []
    with path.open("rb") as file:
        magic = file.read(4)
        order = ">" if magic in (b"RIFX", b"FORM") else "<"
        carried = _CARRIED_AIFF if magic == b"FORM" else _CARRIED_RIFF
        for name, offset, size in iff_chunks(file, order):
            if name in carried and size <= _MOST_BYTES:
                file.seek(offset)
                data = file.read(size)
                if len(data) == size:
                    chunks.append(Chunk(name, data))
    return chunks


def append_chunks(path: Path, chunks: Iterable[Chunk]) -> None:
    """Put chunks at the end of a complete RIFF, RF64 or AIFF file."""
    with path.open("rb+") as file:
        magic = file.read(4)
        order = ">" if magic == b"FORM" else "<"
        end = file.seek(0, 2)
        file.write(bytes(end % 2))
        for chunk in chunks:
            file.write(struct.pack(order + "4sI", chunk.name, len(chunk.data)))
            file.write(chunk.data + bytes(len(chunk.data) % 2))
        size = file.tell() - 8
        if magic == b"RF64":
            file.seek(20)  # in ds64, which comes first
            file.write(struct.pack("<Q", size))
        else:
            file.seek(4)
            file.write(struct.pack(order + "I", size))


def at_rate(chunk: Chunk, ratio: float, sample_rate: int) -> Chunk:
    """Return a chunk with all that counts samples moved to another rate.

    Args:
        chunk: from the source.
        ratio: new rate / old rate.
        sample_rate: the new rate.
    """
    if ratio == 1.0:
        return chunk
    data = bytearray(chunk.data)
    if chunk.name == b"cue ":
        for at in range(4, len(data) - 23, 24):
            _scale(data, "<I", at + 4, ratio)
            _scale(data, "<I", at + 20, ratio)
    elif chunk.name == b"LIST" and data[:4] == b"adtl":
        for name, at, size in _sub_chunks(chunk.data):
            if name == b"ltxt" and size >= 8:
                _scale(data, "<I", at + 4, ratio)
    elif chunk.name == b"smpl" and len(data) >= 36:
        struct.pack_into("<I", data, 8, round(1e9 / sample_rate))
        for at in range(36, len(data) - 23, 24):
            _scale(data, "<I", at + 8, ratio)
            _scale(data, "<I", at + 12, ratio)
    elif chunk.name == b"bext" and len(data) >= _TIME_REFERENCE + 8:
        _scale(data, "<Q", _TIME_REFERENCE, ratio)
    elif chunk.name == b"iXML":
        rate = rb"(<FILE_SAMPLE_RATE>)\s*\d+\s*(</FILE_SAMPLE_RATE>)"
        return Chunk(chunk.name, re.sub(rate, rb"\g<1>%d\g<2>" % sample_rate, chunk.data))
    elif chunk.name == b"MARK":
        for at, _ in _aiff_marks(chunk.data):
            _scale(data, ">I", at + 2, ratio)
    return Chunk(chunk.name, bytes(data))


def read_markers(chunks: Iterable[Chunk], sample_rate: int) -> list[Marker]:
    """Return the markers of `cue ` and its labels, or of an AIFF file's `MARK`."""
    points: dict[int, int] = {}
    labels: dict[int, str] = {}
    lengths: dict[int, int] = {}
    for chunk in chunks:
        if chunk.name == b"cue ":
            for at in range(4, len(chunk.data) - 23, 24):
                points[_number(chunk.data, "<I", at)] = _number(chunk.data, "<I", at + 20)
        elif chunk.name == b"LIST" and chunk.data[:4] == b"adtl":
            for name, at, size in _sub_chunks(chunk.data):
                if name == b"labl" and size > 4:
                    labels[_number(chunk.data, "<I", at)] = _text(chunk.data[at + 4 : at + size])
                elif name == b"ltxt" and size >= 8:
                    lengths[_number(chunk.data, "<I", at)] = _number(chunk.data, "<I", at + 4)
        elif chunk.name == b"MARK":
            for at, label in _aiff_marks(chunk.data):
                points[_number(chunk.data, ">H", at)] = _number(chunk.data, ">I", at + 2)
                labels[_number(chunk.data, ">H", at)] = label
    markers = [
        Marker(sample / sample_rate, labels.get(point, ""), lengths.get(point, 0) / sample_rate)
        for point, sample in points.items()
    ]
    return sorted(markers, key=lambda marker: marker.time_s)


def riff_markers(markers: list[Marker], sample_rate: int) -> list[Chunk]:
    """Return markers as the chunks of a RIFF file."""
    if not markers:
        return []
    cue = struct.pack("<I", len(markers))
    labels = b"adtl"
    for number, marker in enumerate(markers, 1):
        sample = min(round(marker.time_s * sample_rate), _MOST_SAMPLES)
        cue += struct.pack("<II4sIII", number, sample, b"data", 0, 0, sample)
        text = marker.name.encode() + b"\0"
        labels += struct.pack("<4sII", b"labl", 4 + len(text), number) + text + bytes(len(text) % 2)
        if marker.length_s:
            length = min(round(marker.length_s * sample_rate), _MOST_SAMPLES)
            labels += struct.pack("<4sIII4sHHHH", b"ltxt", 20, number, length, b"rgn ", 0, 0, 0, 0)
    return [Chunk(b"cue ", cue), Chunk(b"LIST", labels)]


def holds_markers(chunk: Chunk) -> bool:
    """Return whether a chunk holds markers or their names."""
    return chunk.name in (b"cue ", b"MARK") or (chunk.name == b"LIST" and chunk.data[:4] == b"adtl")


def aiff_markers(markers: list[Marker], sample_rate: int) -> list[Chunk]:
    """Return markers as the chunk of an AIFF file."""
    if not markers:
        return []
    data = struct.pack(">H", len(markers))
    for number, marker in enumerate(markers, 1):
        label = marker.name.encode()[:255]
        data += (
            struct.pack(">HIB", number, min(round(marker.time_s * sample_rate), _MOST_SAMPLES), len(label))
            + label
        )
        data += bytes((len(label) + 1) % 2)
    return [Chunk(b"MARK", data)]


def read_info(chunks: Iterable[Chunk]) -> dict[str, str]:
    """Return the entries of `LIST` `INFO` by their four letters, and the text chunks of AIFF."""
    entries = {}
    for chunk in chunks:
        if chunk.name == b"LIST" and chunk.data[:4] == b"INFO":
            for name, at, size in _sub_chunks(chunk.data):
                entries[name.decode("latin-1")] = _text(chunk.data[at : at + size])
        elif chunk.name in (b"NAME", b"AUTH", b"(c) ", b"ANNO"):
            entries[chunk.name.decode()] = _text(chunk.data)
    return entries


def riff_info(entries: dict[str, str]) -> list[Chunk]:
    """Return entries as a `LIST` `INFO` chunk."""
    if not entries:
        return []
    data = b"INFO"
    for name, value in entries.items():
        text = value.encode() + b"\0"
        data += struct.pack("<4sI", name.encode(), len(text)) + text + bytes(len(text) % 2)
    return [Chunk(b"LIST", data)]


def read_bext(chunks: Iterable[Chunk], ratio: float = 1.0) -> dict[str, str]:
    """Return the fields of `bext`, by the names that other programs give them in tags.

    Args:
        chunks: of the source.
        ratio: new rate / old rate, for the time reference, which counts samples.
    """
    fields: dict[str, str] = {}
    for chunk in chunks:
        if chunk.name != b"bext" or len(chunk.data) < _TIME_REFERENCE + 8:
            continue
        for name, (at, size) in _BEXT_TEXT.items():
            fields[name] = _text(chunk.data[at : at + size])
        fields["TIME_REFERENCE"] = str(round(_number(chunk.data, "<Q", _TIME_REFERENCE) * ratio))
        fields["CODING_HISTORY"] = _text(chunk.data[_BEXT_BYTES:])
    return {name: value for name, value in fields.items() if value}


def bext(fields: dict[str, str]) -> list[Chunk]:
    """Return `bext` from the fields of `read_bext`; none when they do not say who or when."""
    if not {"ORIGINATOR", "ORIGINATION_DATE", "TIME_REFERENCE"} & fields.keys():
        return []
    data = bytearray(_BEXT_BYTES)
    for name, (at, size) in _BEXT_TEXT.items():
        text = fields.get(name, "").encode()[:size]
        data[at : at + len(text)] = text
    reference = fields.get("TIME_REFERENCE", "0")
    if reference.isascii() and reference.isdigit() and int(reference) < 2**64:
        struct.pack_into("<QH", data, _TIME_REFERENCE, int(reference), 1)
    return [Chunk(b"bext", bytes(data) + fields.get("CODING_HISTORY", "").encode())]


def _sub_chunks(data: bytes) -> list[tuple[bytes, int, int]]:
    """Return (id, offset, size) of what a LIST holds, after its own four letters."""
    found, at = [], 4
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        if at + 8 + size > len(data):
            break
        found.append((name, at + 8, size))
        at += 8 + size + size % 2
    return found


def _aiff_marks(data: bytes) -> list[tuple[int, str]]:
    """Return (offset, name) of each mark."""
    found, at = [], 2
    while at + 7 <= len(data):
        length = data[at + 6]
        found.append((at, _text(data[at + 7 : at + 7 + length])))
        at += 7 + length + (length + 1) % 2
    return found


def _number(data: bytes | bytearray, layout: str, at: int) -> int:
    return int(struct.unpack_from(layout, data, at)[0])


def _scale(data: bytearray, layout: str, at: int, ratio: float) -> None:
    most = 2 ** (8 * struct.calcsize(layout)) - 1
    struct.pack_into(layout, data, at, min(most, round(_number(data, layout, at) * ratio)))


def _text(data: bytes) -> str:
    raw = data.split(b"\0", 1)[0]
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")  # what programs of the format's own time wrote
