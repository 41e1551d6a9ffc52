"""Menus of the transport bar: which take is heard, and how."""

from PySide6.QtCore import Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QInputDialog, QMenu, QWidget

from audiosr_desktop.playback.monitor import Monitor
from audiosr_desktop.playback.takes import letter
from audiosr_desktop.ui.transport import TAKE_A, Transport
from audiosr_desktop.ui.variations import Variations

SPEEDS = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
DELTA_GAINS_DB = (0, 10, 20, 30, 40)


class TakesMenu(QMenu):
    """Lists the takes with their names and levels; one of them can be used.

    Args:
        transport: plays them.
        variations: knows their names.
        new_variation: the action that makes one more.
    """

    def __init__(
        self, transport: Transport, variations: Variations, new_variation: QAction, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._transport, self._variations, self._new = transport, variations, new_variation
        self.aboutToShow.connect(self._fill)

    @Slot()
    def _fill(self) -> None:
        self.clear()
        transport, compared = self._transport, self._variations.current()
        for number in range(len(transport.takes)):
            name = compared.takes.takes[number].name if compared is not None else ("Source", "Result")[number]
            offset = transport.offset_of(number)
            level = f"\t{offset:+.1f} dB".replace("-", "−") if number and offset is not None else ""
            action = self.addAction(f"{letter(number)} · {name}{level}")
            action.setCheckable(True)
            action.setChecked(transport.take == number)
            action.triggered.connect(lambda _=False, number=number: transport.select_take(number))
        self.addSeparator()
        self.addAction(self._new)
        heard = transport.take
        usable = compared is not None and heard >= TAKE_A
        use = self.addAction(f"Use take {letter(max(heard, 0))}")
        use.setEnabled(compared is not None and heard > TAKE_A and heard != compared.takes.chosen)
        use.triggered.connect(lambda: self._variations.use(heard))
        rename = self.addAction("Rename…")
        rename.setEnabled(usable)
        rename.triggered.connect(lambda: self._rename(heard))

    def _rename(self, number: int) -> None:
        compared = self._variations.current()
        if compared is not None:
            old = compared.takes.takes[number].name
            name, taken = QInputDialog.getText(
                self, "Rename take", f"Name of take {letter(number)}:", text=old
            )
            if taken:
                self._variations.rename(number, name)


class HearingMenu(QMenu):
    """Speed, channels, gain of the difference, following."""

    def __init__(self, transport: Transport, band_only: QAction, parent: QWidget) -> None:
        super().__init__(parent)
        self._transport, self._band_only = transport, band_only
        self.aboutToShow.connect(self._fill)

    @Slot()
    def _fill(self) -> None:
        self.clear()
        transport = self._transport
        group = self._section("Speed, pitch kept")
        for speed in SPEEDS:
            self._choice(group, f"{speed:g} ×", transport.player.speed == speed, transport.set_speed, speed)
        group = self._section("Channels")
        sound = transport.heard_sound
        channels = sound.channels if sound is not None else 0
        choices = {"All": Monitor()}
        if channels > 1:
            choices |= {"Mono": Monitor("mono"), "Side (L − R)": Monitor("side")}
            choices |= {f"Channel {number + 1} alone": Monitor("solo", number) for number in range(channels)}
        for text, monitor in choices.items():
            self._choice(group, text, transport.player.monitor == monitor, transport.set_monitor, monitor)
        group = self._section("Gain of the difference")
        for gain in DELTA_GAINS_DB:
            self._choice(group, f"+{gain} dB", transport.delta_db == gain, transport.set_delta_db, gain)
        self.addSeparator()
        self.addAction(self._band_only)
        self._add_devices()
        device = transport.player.device
        if device is not None:
            name, rate, latency_s = device
            told = self.addAction(f"{name} · {rate / 1000:g} kHz · latency {latency_s * 1000:.0f} ms")
            told.setEnabled(False)

    def _add_devices(self) -> None:
        names = self._transport.player.device_names
        if not names:
            return
        menu = self.addMenu("Sound device")
        group = QActionGroup(menu)
        chosen = self._transport.chosen_device
        for name in ["", *dict.fromkeys(names)]:
            action = menu.addAction(name or "System default")
            action.setCheckable(True)
            action.setChecked(name == chosen)
            group.addAction(action)
            action.triggered.connect(lambda _=False, name=name: self._transport.choose_device(name))

    def _section(self, title: str) -> QActionGroup:
        self.addSeparator()
        self.addAction(title).setEnabled(False)
        return QActionGroup(self)

    def _choice(self, group: QActionGroup, text: str, chosen: bool, take: object, value: object) -> None:
        action = self.addAction(text)
        action.setCheckable(True)
        action.setChecked(chosen)
        group.addAction(action)
        action.triggered.connect(lambda: take(value))  # type: ignore[operator]
