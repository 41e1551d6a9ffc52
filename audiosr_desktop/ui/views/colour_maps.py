"""Colour maps of the spectrogram: perceptually even ones only."""

from functools import cache

import numpy as np
import numpy.typing as npt

# Colours at equal steps from the lowest level to the highest.
_ANCHORS = {
    "magma": (
        "000004 090721 1c1046 35106a 50127b 691c81 822581 9b2e7f b63679 "
        "cf406f e55063 f4695c fb8761 fea571 fec287 fde0a1 fcfdbf"
    ),
    "viridis": (
        "440154 481769 472c7a 423f85 3b518b 33628d 2c718e 26818e 21908c "
        "1f9f88 27ad80 3dbc73 5cc862 81d34c aadc31 d5e219 fde725"
    ),
    "cividis": (
        "00204d 002b68 05366e 2c416c 404d6b 51586c 60646f 6e6f73 7c7b78 "
        "8b8779 9b9477 aca174 bcaf6f cebc67 e0cb5d f2da4f ffea46"
    ),
    "grey": "000000 ffffff",
    "inverted grey": "ffffff 000000",
}
NAMES = tuple(_ANCHORS)

# What tiles hold: one byte for a level, from -160 dBFS in even steps up to 0 dBFS.
LOWEST_DB = -160.0
STEP_DB = 160.0 / 255


@cache
def colours(name: str, count: int = 256) -> npt.NDArray[np.uint32]:
    """Return `count` colours as 0xffrrggbb, lowest level first."""
    anchors = np.array([list(bytes.fromhex(word)) for word in _ANCHORS[name].split()], dtype=np.float64)
    places = np.linspace(0, len(anchors) - 1, count)
    channels = [np.interp(places, np.arange(len(anchors)), anchors[:, part]) for part in range(3)]
    red, green, blue = (np.rint(channel).astype(np.uint32) for channel in channels)
    packed: npt.NDArray[np.uint32] = (
        np.uint32(0xFF000000) | red << np.uint32(16) | green << np.uint32(8) | blue
    )
    return packed


@cache
def level_colours(name: str, low_db: float, high_db: float) -> npt.NDArray[np.uint32]:
    """Return the colour of each level byte when the map spans `low_db` to `high_db`."""
    levels = LOWEST_DB + STEP_DB * np.arange(256)
    place = np.clip((levels - low_db) / max(1.0, high_db - low_db), 0.0, 1.0)
    table: npt.NDArray[np.uint32] = colours(name, 1024)[np.rint(place * 1023).astype(np.intp)]
    return table
