"""The values of a project as the text and bytes that its tables hold, and back, each checked on the way."""

import base64
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from audiosr_desktop.audio.files import MAX_CHANNELS, MAX_RATE, MIN_RATE, FileInfo
from audiosr_desktop.audio.history import History, Span, State, Step
from audiosr_desktop.audio.lanes import Lane, LaneStore
from audiosr_desktop.audio.markers import Mark
from audiosr_desktop.audio.mask import MAX_COLUMNS, ROWS, Mask
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Piece, Sound
from audiosr_desktop.audio.store import SampleStore
from audiosr_desktop.audio.takes import Take, TakeSet

_MOST_TEXT = 50_000_000  # characters of a name or a set of values
_MORE_OF_REGION = "@region"  # no parameter has such a name; versions that do not know it pass it over


@dataclass(frozen=True, slots=True)
class Contents:
    """All that a project or an autosave holds.

    Attributes:
        history: every state of the document.
        info: the file that it came from, whose format and tags an export takes.
        view: what was seen and chosen; any plain values.
        project_path: the project that an autosave belongs to.
        self_contained: whether the project holds its sources' samples too.
        takes: versions of regions; their sounds may be those of states.
    """

    history: History
    info: FileInfo
    view: Mapping[str, Any] = field(default_factory=dict)
    project_path: Path | None = None
    self_contained: bool = False
    takes: tuple[TakeSet, ...] = ()


def to_text(value: object) -> str:
    """Return plain values as JSON."""
    return json.dumps(value, default=_plain, ensure_ascii=False, separators=(",", ":"))


def from_text(text: object) -> Any:
    """Return the values of JSON.

    Raises:
        ValueError: it is none, or too long.
    """
    if not isinstance(text, str) or len(text) > _MOST_TEXT:
        raise ValueError("a text is missing or too long")
    return json.loads(text)


def _plain(value: object) -> object:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    return str(value)


def info_to_text(info: FileInfo) -> str:
    """Return what a file says of itself as JSON."""
    return to_text({**asdict(info), "path": str(info.path)})


def info_from_text(text: object) -> FileInfo:
    """Return what a file said of itself.

    Raises:
        ValueError, KeyError, TypeError: a value is missing or not possible.
    """
    found = from_text(text)
    format_, subtype, endian = (str(found[name]) for name in ("format", "subtype", "endian"))
    rate, channels = checked_rate(found["sample_rate"]), checked_channels(found["channels"])
    path, samples = Path(str(found["path"])), natural(found["samples"])
    return FileInfo(path, format_, subtype, endian, rate, channels, samples)


def region_values(region: Region) -> list[int | float | None]:
    """Return a region as four numbers."""
    return [region.start, region.stop, region.low_hz, region.high_hz]


def region_of(values: Sequence[Any]) -> Region:
    """Return a region from four numbers, and its mask and its channels if they follow.

    Raises:
        ValueError, TypeError: they are no region.
    """
    start, stop, low, high, *more = values
    low_hz, high_hz = (None if edge is None else float(edge) for edge in (low, high))
    shape, chosen = (*more, None, None)[:2]
    mask = _mask_of(*shape) if shape is not None else None
    channels = None if chosen is None else tuple(natural(channel) for channel in chosen)
    return Region(natural(start), natural(stop), low_hz, high_hz, mask, channels)


def region_json(region: Region) -> list[Any]:
    """Return a region as four numbers, then its mask (or None) and its channels if it has any of the two."""
    if region.channels is not None:
        return [*region_values(region), _mask_values(region.mask), list(region.channels)]
    return [*region_values(region), *([] if region.mask is None else [_mask_values(region.mask)])]


def _mask_values(mask: Mask | None) -> list[object] | None:
    if mask is None:
        return None
    packed = base64.b64encode(zlib.compress(mask.gains.tobytes())).decode("ascii")
    return [mask.first, mask.hop, packed]


def _mask_of(first: object, hop: object, packed: object) -> Mask:
    data = base64.b64decode(str(packed), validate=True)
    gains = zlib.decompressobj().decompress(data, ROWS * MAX_COLUMNS)
    grid = np.frombuffer(gains, np.uint8).reshape(ROWS, -1).copy()
    return Mask(natural(first), natural(hop), grid)


def marks_to_text(marks: Sequence[Mark]) -> str:
    """Return marks as JSON."""
    return to_text([[mark.name, *region_json(mark.region)] for mark in marks])


def marks_of(text: object) -> tuple[Mark, ...]:
    """Return marks from JSON.

    Raises:
        ValueError, TypeError: they are none.
    """
    return tuple(Mark(region_of(values), str(name)) for name, *values in from_text(text))


def spans_to_text(spans: Sequence[Span]) -> str:
    """Return restored spans as JSON."""
    return to_text([[span.title, dict(span.details), *region_json(span.region)] for span in spans])


def spans_of(text: object) -> tuple[Span, ...]:
    """Return restored spans from JSON.

    Raises:
        ValueError, TypeError: they are none.
    """
    found = from_text(text)
    return tuple(Span(region_of(values), str(title), dict(details)) for title, details, *values in found)


def step_row(step: Step) -> tuple[object, ...]:
    """Return a step as the columns of its table; mask and channels of its region lie among its values."""
    more = region_json(step.region)[4:]
    values = to_text({**step.values, **({_MORE_OF_REGION: more} if more else {})})
    return (step.text, *region_values(step.region), step.effect_id, values, step.elapsed_s)


def step_of(row: Sequence[Any]) -> Step:
    """Return a step from the columns of its table.

    Raises:
        ValueError, TypeError: it is none.
    """
    text, start, stop, low, high, effect_id, values, elapsed_s = row
    found = from_text(values)
    plain = {str(name): value for name, value in found.items() if isinstance(value, bool | int | float | str)}
    region = region_of((start, stop, low, high, *found.get(_MORE_OF_REGION, ())))
    return Step(str(text), region, str(effect_id), plain, float(elapsed_s))


def pieces_to_bytes(sound: Sound, ids: Mapping[int, int]) -> bytes:
    """Return a sound's pieces as rows of three integers: store, start, stop.

    Args:
        sound: whose.
        ids: numbers of the stores in the file by their `id()`.
    """
    rows = [(ids[id(piece.store)], piece.start, piece.stop) for piece in sound.pieces]
    return np.array(rows, dtype="<i8").tobytes()


def sound_of(data: object, sample_rate: object, stores: Mapping[int, SampleStore]) -> Sound:
    """Return a sound from the bytes of its pieces.

    Raises:
        ValueError, KeyError, SoundError: a piece lies in no store, or the pieces do not fit together.
    """
    if not isinstance(data, bytes) or not data or len(data) % 24:
        raise ValueError("a sound without pieces")
    rows = np.frombuffer(data, dtype="<i8").reshape(-1, 3).tolist()
    pieces = tuple(Piece(stores[store], start, stop) for store, start, stop in rows)
    return Sound(pieces, checked_rate(sample_rate))


def lanes_to_text(store: LaneStore, numbers: Mapping[SampleStore, int]) -> str:
    """Return the channels of a store as JSON: a row of number, channel and first sample for each."""
    return to_text([[numbers[lane.store], lane.channel, lane.start] for lane in store.lanes])


def lanes_of(text: object, length: int, stores: Mapping[int, SampleStore]) -> LaneStore:
    """Return a store of the channels of others from JSON.

    Raises:
        ValueError, KeyError, TypeError: it is none, or names samples that are not there.
    """
    rows = from_text(text)
    lanes = [Lane(stores[number], natural(channel), natural(start)) for number, channel, start in rows]
    if any(isinstance(lane.store, LaneStore) for lane in lanes):
        raise ValueError("lanes of lanes")
    return LaneStore(lanes, length)


def store_numbers(data: object) -> set[int]:
    """Return the stores that a sound's pieces name."""
    if not isinstance(data, bytes) or len(data) % 24:
        raise ValueError("pieces cut short")
    return set(np.frombuffer(data, dtype="<i8").reshape(-1, 3)[:, 0].tolist())


def natural(value: object) -> int:
    """Return a whole number from 0 on.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} is no count")
    return value


def checked_rate(value: object) -> int:
    """Return a sample rate within the supported ones; see `natural`."""
    rate = natural(value)
    if not MIN_RATE <= rate <= MAX_RATE:
        raise ValueError(f"{rate} Hz is no sample rate")
    return rate


def checked_channels(value: object) -> int:
    """Return a number of channels within the supported ones; see `natural`."""
    channels = natural(value)
    if not 1 <= channels <= MAX_CHANNELS:
        raise ValueError(f"{channels} channels")
    return channels


def state_of(sound: Sound, spans: object, marks: object) -> State:
    """Return a state; spans and marks are cut to its sound.

    Raises:
        ValueError, TypeError: they are none.
    """
    kept = (replace(span, region=span.region.clipped(0, sound.length)) for span in spans_of(spans))
    cut = (replace(mark, region=mark.region.clipped(0, sound.length)) for mark in marks_of(marks))
    return State(sound, tuple(kept), tuple(cut))


def takes_to_text(sets: Sequence[TakeSet], ids: Mapping[int, int]) -> str:
    """Return takes as JSON.

    Args:
        sets: all of a document.
        ids: as for `pieces_to_bytes`.
    """
    return to_text([[region_json(s.region), [_take_values(take, ids) for take in s.takes]] for s in sets])


def _take_values(take: Take, ids: Mapping[int, int]) -> list[object]:
    pieces = base64.b64encode(pieces_to_bytes(take.sound, ids)).decode("ascii")
    return [take.name, dict(take.facts), list(step_row(take.step)), take.sound.sample_rate, pieces]


def takes_of(text: object, sound: Callable[[bytes, object], Sound | None]) -> tuple[TakeSet, ...]:
    """Return takes from JSON.

    Args:
        text: the JSON.
        sound: makes a sound of the bytes of its pieces and its rate; None where samples are gone. Takes
            without samples are left out, and sets that lack their source or all results.

    Raises:
        ValueError, TypeError: they are none.
    """
    found = []
    for region, rows in from_text(text):
        takes = []
        for name, facts, step, rate, pieces in rows:
            made = sound(base64.b64decode(str(pieces), validate=True), rate)
            if made is not None:
                takes.append(Take(str(name), made, step_of(step), dict(facts)))
            elif not takes:
                break
        if len(takes) > 1:
            found.append(TakeSet(region_of(region), tuple(takes)))
    return tuple(found)
