"""What an ONNX file says about files beside it, read without the ONNX library, which the product lacks.

Large graphs keep their weights in other files. Their names come with the graph and can be anything, so they
are read and judged before a session opens them.
"""

import mmap
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

from audiosr_desktop.errors import BundleError

MAX_DEPTH = 32
MAX_EXTERNAL_FILES = 4096

# Fields that lead to tensors: message -> number of the field -> message it holds (onnx.proto3)
_FIELDS = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: "entry"},
}
_LOCATION = b"location"


def external_files(path: Path) -> tuple[str, ...]:
    """Return the files that the weights of a graph lie in, besides the graph itself, relative to its folder.

    Raises:
        BundleError: the file is not an ONNX graph, or it asks for a file outside its folder.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            found = tuple(dict.fromkeys(_locations(mapped, 0, len(mapped), "model", 0)))
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror}.", path) from error
    except (ValueError, IndexError, UnicodeDecodeError) as error:
        raise BundleError(f"{path} is not an ONNX graph: it is damaged or cut short.", path) from error
    for location in found:
        if not is_inside(location):
            raise BundleError(
                f"{path} asks for weights in {location!r}, outside the model's folder, which is not allowed.",
                path,
            )
    if len(found) > MAX_EXTERNAL_FILES:
        raise BundleError(f"{path} asks for {len(found)} other files, which is not a model.", path)
    return found


def is_inside(name: str) -> bool:
    """Tell whether a relative name stays inside its folder, on every system."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    rooted = PurePosixPath(name).is_absolute() or PureWindowsPath(name).anchor or ":" in name
    return bool(parts) and not rooted and ".." not in parts and "\0" not in name


def _locations(data: mmap.mmap, start: int, stop: int, message: str, depth: int) -> Iterator[str]:
    if depth > MAX_DEPTH:
        raise ValueError("nested too deeply")
    inner = _FIELDS[message]
    for number, first, last in _fields(data, start, stop):
        kind = inner.get(number)
        if kind == "entry":
            entry = {field: data[begin:end] for field, begin, end in _fields(data, first, last)}
            if entry.get(1) == _LOCATION:
                yield entry.get(2, b"").decode("utf-8")
        elif kind is not None:
            yield from _locations(data, first, last, kind, depth + 1)


def _fields(data: mmap.mmap, start: int, stop: int) -> Iterator[tuple[int, int, int]]:
    """Yield (number, first byte, end) of the fields of a message that have a length; skip the others."""
    place = start
    while place < stop:
        tag, place = _varint(data, place)
        number, wire = tag >> 3, tag & 7
        if number == 0:
            raise ValueError("field 0")
        if wire == 0:
            _, place = _varint(data, place)
        elif wire == 1:
            place += 8
        elif wire == 5:
            place += 4
        elif wire == 2:
            length, first = _varint(data, place)
            place = first + length
            if place > stop:
                raise ValueError("a field is longer than what holds it")
            yield number, first, place
        else:
            raise ValueError(f"wire type {wire}")
    if place != stop:
        raise ValueError("a field is longer than what holds it")


def _varint(data: mmap.mmap, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7
        if shift > 63:
            raise ValueError("a number is too long")
