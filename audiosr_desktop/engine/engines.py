"""Engines: finds, checks and loads bundles when they are first needed, and keeps the last one."""

import time
from collections.abc import Callable

from audiosr_desktop.engine.bundle import Bundle, Verifier, find_bundle, installed_bundles, with_vocoder
from audiosr_desktop.engine.restorer import Restorer
from audiosr_desktop.engine.sessions import open_sessions
from audiosr_desktop.job import Job, part_of


class Engines:
    """Gives restorers; the last one's graphs are kept, as models can be large.

    Args:
        threads: threads a graph may use; 0 is one for each processor core.
        find: gives the bundle of an id, None being the shipped one.
        gpu_memory_bytes: most that each graph may hold on a GPU; 0 is no limit.
    """

    def __init__(
        self,
        threads: int = 0,
        find: Callable[[str | None], Bundle] = find_bundle,
        gpu_memory_bytes: int = 0,
    ) -> None:
        self._threads = threads
        self._gpu_memory_bytes = gpu_memory_bytes
        self._find = find
        self._verifier = Verifier()
        self._kept: tuple[Bundle, str, Restorer] | None = None
        self._used_at = time.monotonic()

    def restorer(
        self, model: str = "", device: str = "auto", *, vocoder: str = "", quality: str = ""
    ) -> Job[Restorer]:
        """Load a bundle, sums checked first; graphs that are loaded already are not loaded again.

        Args:
            model: id of an installed bundle; empty is the shipped one.
            device: auto, cpu, cuda or cuda:N.
            vocoder: id of the bundle whose vocoder makes the sound; "own" is the model's; empty goes by what
                the model's manifest says for the quality.
            quality: one of `QUALITIES`, or empty.

        Raises:
            BundleError: there is no such bundle, or it is damaged.
            EngineError: there is no such device.
        """
        bundle = with_chosen_vocoder(self._find(model or None), vocoder, quality)
        yield from part_of(self._verifier.verify(bundle), 0.0, 0.3)
        self._used_at = time.monotonic()
        kept, self._kept = self._kept, None  # taken at once: another thread may unload it
        loaded = None
        if kept is not None and kept[1] == device:
            if kept[0] == bundle:
                self._kept = kept
                return kept[2]
            if kept[0].folder == bundle.folder:
                loaded = kept[2].sessions
        del kept
        opening = open_sessions(
            bundle, device, self._threads, loaded=loaded, gpu_memory_bytes=self._gpu_memory_bytes
        )
        sessions = yield from part_of(opening, 0.3, 1.0)
        restorer = Restorer(sessions)
        self._kept = (bundle, device, restorer)
        return restorer

    def unload_idle(self, after_s: float) -> bool:
        """Forget the loaded graphs when nothing asked for them for so long; a run that goes on keeps its own.

        Returns:
            Whether graphs were forgotten.
        """
        if self._kept is None or time.monotonic() - self._used_at < after_s:
            return False
        self._kept = None
        return True


def with_chosen_vocoder(bundle: Bundle, vocoder: str, quality: str) -> Bundle:
    """Return the bundle with the vocoder that was asked for, or that its manifest prefers and is there.

    Args:
        bundle: the model.
        vocoder: as for `Engines.restorer`.
        quality: as for `Engines.restorer`.

    Raises:
        BundleError: the vocoder that was asked for is not there.
    """
    if vocoder == "own":
        return bundle
    if vocoder:
        return with_vocoder(bundle, find_bundle(vocoder))
    wanted = bundle.manifest.vocoders.get(quality)
    lender = next((other for other in installed_bundles() if other.id == wanted), None)
    return bundle if lender is None else with_vocoder(bundle, lender)
