"""Write the program's icon in the sizes and formats of all platforms.

`python installer/package/icons.py resources/icons` does it anew. The drawing is the program's own
(`audiosr_desktop.ui.icons`); nothing here needs a screen.
"""

import struct
import sys
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QGuiApplication

from audiosr_desktop.ui.icons import app_drawing, app_pixmap

SIZES = (16, 24, 32, 48, 64, 128, 256, 512)
# Apple's names of the sizes that an icon file holds as PNG
APPLE = {16: b"icp4", 32: b"icp5", 64: b"icp6", 128: b"ic07", 256: b"ic08", 512: b"ic09"}


def main() -> None:
    """Write audiosr-desktop.svg, .ico, .icns and a PNG for each size."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    application = QGuiApplication(sys.argv[:1])
    pictures = {size: png(size) for size in SIZES}
    for size, picture in pictures.items():
        (folder / f"{size}.png").write_bytes(picture)
    (folder / "audiosr-desktop.svg").write_text(app_drawing() + "\n", encoding="utf-8")
    (folder / "audiosr-desktop.ico").write_bytes(ico(pictures))
    (folder / "audiosr-desktop.icns").write_bytes(icns(pictures))
    del application


def png(size: int) -> bytes:
    """Return the icon as a PNG file."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    app_pixmap(size).save(buffer, "PNG")
    return bytes(buffer.data().data())


def ico(pictures: dict[int, bytes]) -> bytes:
    """Return a Windows icon file: a table of sizes, then the PNGs (256 is told as 0)."""
    chosen = {size: picture for size, picture in pictures.items() if size <= 256}
    place = 6 + 16 * len(chosen)
    table, data = struct.pack("<HHH", 0, 1, len(chosen)), b""
    for size, picture in chosen.items():
        table += struct.pack(
            "<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(picture), place + len(data)
        )
        data += picture
    return table + data


def icns(pictures: dict[int, bytes]) -> bytes:
    """Return an Apple icon file: named parts, each with its length."""
    parts = b"".join(
        name + struct.pack(">I", 8 + len(pictures[size])) + pictures[size] for size, name in APPLE.items()
    )
    return b"icns" + struct.pack(">I", 8 + len(parts)) + parts


if __name__ == "__main__":
    main()
