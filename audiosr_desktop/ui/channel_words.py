"""Names of channels: short at the lanes, longer in sentences."""

from audiosr_desktop.audio.region import Region
from audiosr_desktop.ui.language import tr


def channel_letter(channel: int, count: int) -> str:
    """Return what stands at a channel's lane: L and R of two, nothing for one, else its number."""
    if count <= 1:
        return ""
    return (tr("L"), tr("R"))[channel] if count == 2 else str(channel + 1)


def channel_name(channel: int, count: int) -> str:
    """Return a channel as a person says it."""
    if count == 2:
        return (tr("left channel"), tr("right channel"))[channel]
    return tr("channel {number}", number=channel + 1)


def channels_words(channels: tuple[int, ...] | None, count: int) -> str:
    """Return picked channels in words; nothing for all of them."""
    return ", ".join(channel_name(channel, count) for channel in channels or ())


def channels_suffix(region: Region | None, count: int) -> str:
    """Return what is added to the name of a step that means some channels: " (left channel)"."""
    words = channels_words(region.channels if region is not None else None, count)
    return f" ({words})" if words else ""
