"""Engines: finds, checks and loads bundles when they are first needed, and keeps the last one."""

from collections.abc import Callable

from audiosr_desktop.engine.bundle import Bundle, Verifier, find_bundle
from audiosr_desktop.engine.restorer import Restorer
from audiosr_desktop.engine.sessions import open_sessions
from audiosr_desktop.job import Job, part_of


class Engines:
    """Gives restorers; one at a time is kept, as models can be large.

    Args:
        threads: threads a graph may use; 0 is one for each processor core.
        find: gives the bundle of an id, None being the shipped one.
    """

    def __init__(self, threads: int = 0, find: Callable[[str | None], Bundle] = find_bundle) -> None:
        self._threads = threads
        self._find = find
        self._verifier = Verifier()
        self._kept: tuple[Bundle, str, Restorer] | None = None

    def restorer(self, model: str = "", device: str = "auto") -> Job[Restorer]:
        """Load a bundle, sums checked first.

        Args:
            model: id of an installed bundle; empty is the shipped one.
            device: auto, cpu, cuda or cuda:N.

        Raises:
            BundleError: there is no such bundle, or it is damaged.
            EngineError: there is no such device.
        """
        bundle = self._find(model or None)
        yield from part_of(self._verifier.verify(bundle), 0.0, 0.3)
        if self._kept is not None and self._kept[:2] == (bundle, device):
            return self._kept[2]
        self._kept = None
        sessions = yield from part_of(open_sessions(bundle, device, self._threads), 0.3, 1.0)
        restorer = Restorer(sessions)
        self._kept = (bundle, device, restorer)
        return restorer
