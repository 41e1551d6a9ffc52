"""Cutting and pasting: what rearranges samples without computing new ones, so that no length takes time.

With `join` above 0 the samples on one side of each seam are cross-faded, at equal power, with what lay there
before; nothing beyond those `join` samples differs from a plain cut. Time is common to all channels: where a
region means some of them only, what is taken out of these leaves silence, and the others stay as they are.
"""

from audiosr_desktop.audio.lanes import picked, put_back
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound, concat
from audiosr_desktop.audio.store import SilenceStore
from audiosr_desktop.dsp.overlap import crossfade


def silence(length: int, like: Sound) -> Sound:
    """Return digital silence with the rate and channels of another sound; it takes no space."""
    return Sound.from_store(SilenceStore(like.channels, length), like.sample_rate)


def delete(sound: Sound, region: Region, join: int = 0) -> Sound:
    """Take a region out.

    Args:
        sound: to edit.
        region: what goes; its band does not matter.
        join: samples after the seam that fade from the sound that was taken out; fewer where there are fewer.
    """
    size = min(join, region.length, sound.length - region.stop) if region.start else 0
    parts = [
        sound.slice(0, region.start),
        _crossed(sound, region.start, sound, region.stop, size),
        sound.slice(region.stop + size, sound.length),
    ]
    return concat(parts)


def replace(sound: Sound, region: Region, inserted: Sound, join: int = 0) -> Sound:
    """Put a sound in place of a region, which may be empty.

    Args:
        sound: to edit.
        region: what goes; its band does not matter.
        inserted: of the same rate and channels, of any length.
        join: samples at both ends of `inserted` that fade from and to what lay at the seam before; at most
            half of it.

    Raises:
        SoundError: the rates or the numbers of channels differ.
    """
    if not inserted.length:
        return delete(sound, region, join)
    size = min(join, inserted.length // 2)
    head = min(size, sound.length - region.start) if region.start else 0
    tail = min(size, region.stop) if region.stop < sound.length else 0
    parts = [
        sound.slice(0, region.start),
        _crossed(sound, region.start, inserted, 0, head),
        inserted.slice(head, inserted.length - tail),
        _crossed(inserted, inserted.length - tail, sound, region.stop - tail, tail),
        sound.slice(region.stop, sound.length),
    ]
    return concat(parts)


def silenced(sound: Sound, region: Region, join: int = 0) -> Sound:
    """Put digital silence in place of a region, in the channels that it means."""
    if region.channels is not None:
        part = silenced(picked(sound, region.channels), region.of_channels(None), join)
        return put_back(sound, part, region.channels)
    return replace(sound, region, silence(region.length, sound), join)


def trimmed(sound: Sound, region: Region) -> Sound:
    """Keep a region only; of some channels what lies outside becomes silence."""
    if region.channels is not None:
        head, tail = Region(0, region.start), Region(region.stop, sound.length)
        for outside in (part for part in (head, tail) if part.length):
            sound = silenced(sound, outside.of_channels(region.channels))
        return sound
    return sound.slice(region.start, region.stop)


def overwritten(sound: Sound, region: Region, inserted: Sound, join: int = 0) -> Sound:
    """Put a sound in place of a region's channels, cut to the region; silence follows where it is shorter.

    Args:
        sound: to edit.
        region: names its channels.
        inserted: with as many channels, of the same rate.
        join: see `replace`.
    """
    assert region.channels is not None, "without channels the length may change: see `replace`"
    filled = inserted.slice(0, min(inserted.length, region.length))
    if filled.length < region.length:
        filled = concat([filled, silence(region.length - filled.length, filled)])
    part = replace(picked(sound, region.channels), region.of_channels(None), filled, join)
    return put_back(sound, part, region.channels)


def _crossed(leaving: Sound, at: int, coming: Sound, place: int, size: int) -> Sound:
    """Return `size` samples that go from `leaving` at `at` to `coming` at `place`."""
    if not size:
        return leaving.slice(0, 0)
    mixed = crossfade(
        leaving.read(at, at + size).copy(), coming.read(place, place + size).copy(), "equal-power"
    )
    return Sound.from_array(mixed, leaving.sample_rate)
