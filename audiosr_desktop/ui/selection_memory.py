"""SelectionMemory: the selections that were settled on, to go back to."""

from audiosr_desktop.audio.region import Region

_KEPT = 24


class SelectionMemory:
    """Selections in the order in which they were made, and which of them is shown."""

    def __init__(self) -> None:
        self._chosen: list[Region | None] = [None]
        self._place = 0

    def settle(self, selection: Region | None) -> None:
        """Remember a selection after the one that is shown; those after that are forgotten."""
        if selection != self._chosen[self._place]:
            self._chosen = [*self._chosen[: self._place + 1], selection][-_KEPT:]
            self._place = len(self._chosen) - 1

    def moved(self, steps: int) -> bool:
        """Go on by so many selections; False where there is none."""
        place = self._place + steps
        if not 0 <= place < len(self._chosen):
            return False
        self._place = place
        return True

    @property
    def shown(self) -> Region | None:
        """The selection that is shown."""
        return self._chosen[self._place]
