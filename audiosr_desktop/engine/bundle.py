"""Bundles: a folder with `manifest.json` and ONNX graphs, checked before anything in it is used."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from audiosr_desktop import paths
from audiosr_desktop.engine.manifest import GRAPHS, MANIFEST, Loan, Manifest, read_manifest
from audiosr_desktop.errors import BundleError
from audiosr_desktop.job import Job, Progress

DEFAULT_BUNDLE = "audiosr-compact"

_HASH_BLOCK = 4 << 20
_BASE_BYTES = 350 * 2**20  # the program itself
_RUNNING_SHARE = 1.5  # weights as the runtime lays them out, and what passes through them


@dataclass(frozen=True, slots=True)
class Bundle:
    """A folder whose manifest was read and whose files are there; `verify` checks what is in them."""

    folder: Path
    manifest: Manifest
    manifest_sha256: str
    lent: Mapping[str, Path] = field(default_factory=dict)  # files of the graphs that other bundles own

    @property
    def id(self) -> str:
        """The bundle's name on the command line and in reports."""
        return self.manifest.id

    def graph_path(self, graph: str) -> Path:
        """Return the file of one of `GRAPHS`."""
        return self.lent[graph] if graph in self.lent else self.folder / self.manifest.graphs[graph]

    def files(self) -> Iterator[Path]:
        """Yield every file of the bundle's own but the manifest."""
        for file in self.manifest.required_files:
            yield self.folder / file

    @property
    def size_bytes(self) -> int:
        """What the bundle takes on the disk, borrowed graphs left out."""
        return sum(path.stat().st_size for path in self.files())

    @property
    def graph_bytes(self) -> int:
        """What all its graphs take on the disk, borrowed ones included."""
        return sum(self.graph_path(graph).stat().st_size for graph in GRAPHS)

    @property
    def memory_bytes(self) -> int:
        """Roughly what a run with it holds in memory, the program included."""
        return _BASE_BYTES + round(_RUNNING_SHARE * self.graph_bytes)

    @property
    def shipped(self) -> bool:
        """Whether it came with the program."""
        return self.folder.parent == paths.shipped_models_dir()

    @property
    def of_plugin(self) -> bool:
        """Whether a plugin brought it."""
        return self.folder.parent in paths.plugin_models_dirs()


def load_bundle(folder: Path) -> Bundle:
    """Read a bundle's manifest and check that its files are there; contents are checked by `verify`.

    Graphs that it borrows are looked for among the installed bundles.

    Raises:
        BundleError: the manifest is unusable, a file is missing or lies outside the folder, or a graph is
            borrowed from a bundle that is not there or does not own it.
    """
    bundle = _own_part(folder)
    lent = {graph: _lent(bundle, graph) for graph in bundle.manifest.borrowed}
    return replace(bundle, lent=lent) if lent else bundle


def with_vocoder(bundle: Bundle, lender: Bundle) -> Bundle:
    """Return a bundle that runs another one's vocoder: all read the same mel."""
    found = lender.manifest.sha256.get(lender.manifest.graphs.get("vocoder", ""), "")
    manifest = replace(
        bundle.manifest,
        vocoder_output=lender.manifest.vocoder_output,
        borrowed={**bundle.manifest.borrowed, "vocoder": Loan(lender.id, found)},
    )
    return replace(bundle, manifest=manifest, lent={**bundle.lent, "vocoder": lender.graph_path("vocoder")})


def _lent(bundle: Bundle, graph: str) -> Path:
    """Return the file of a borrowed graph."""
    loan = bundle.manifest.borrowed[graph]
    # the last counts, as one of the user's takes the place of its shipped namesake
    for folder in reversed(list(model_folders())):
        try:
            lender = _own_part(folder)
        except BundleError:
            continue
        if lender.id == loan.bundle and graph in lender.manifest.graphs:
            if graph == "vocoder" and lender.manifest.vocoder_output != bundle.manifest.vocoder_output:
                raise BundleError(
                    f"The model {bundle.id} borrows the vocoder of {lender.id}, which gives "
                    f"{lender.manifest.vocoder_output} and not {bundle.manifest.vocoder_output}.",
                    bundle.folder / MANIFEST,
                )
            return lender.graph_path(graph)
    raise BundleError(
        f"The model {bundle.id} borrows {graph} from the model {loan.bundle}, which is not installed: "
        "import that one first.",
        bundle.folder / MANIFEST,
    )


def _own_part(folder: Path) -> Bundle:
    path = folder / MANIFEST
    manifest = read_manifest(path)
    root = folder.resolve()
    for file in manifest.required_files:
        target = folder / file
        if not target.is_file():
            raise BundleError(f"The model {manifest.id} is incomplete: {target} is missing.", target)
        if not target.resolve().is_relative_to(root):
            raise BundleError(f"{target} is a link out of the model's folder, which is not allowed.", target)
    return Bundle(folder, manifest, hashlib.sha256(path.read_bytes()).hexdigest())


class Verifier:
    """Checks sums; a file that was good is not read again while its size and time of change stay."""

    def __init__(self) -> None:
        self._good: set[tuple[Path, int, int, str]] = set()

    def verify(self, bundle: Bundle) -> Job[None]:
        """Compare every file that has a sum in the manifest with it.

        Raises:
            BundleError: a file is missing, unreadable, or has another sum.
        """
        total = sum(size for _, size, _ in self._sizes(bundle)) or 1
        done = 0
        for path, size, expected in self._sizes(bundle):
            key = (path.resolve(), size, path.stat().st_mtime_ns, expected)
            if key not in self._good:
                found = yield from _sum(path, done / total, size / total)
                if found != expected:
                    raise BundleError(f"{path} is damaged: expected sum {expected}, found {found}.", path)
                self._good.add(key)
            done += size
            yield Progress(min(1.0, done / total), "Checking the model")

    @staticmethod
    def _sizes(bundle: Bundle) -> Iterator[tuple[Path, int, str]]:
        expected = {bundle.folder / file: found for file, found in bundle.manifest.sha256.items()}
        loans = bundle.manifest.borrowed
        expected |= {path: loans[graph].sha256 for graph, path in bundle.lent.items() if loans[graph].sha256}
        for path, found in expected.items():
            if not path.is_file():
                raise BundleError(f"The model {bundle.id} is incomplete: {path} is missing.", path)
            yield path, path.stat().st_size, found


def _sum(path: Path, start: float, share: float) -> Job[str]:
    digest, size, read = hashlib.sha256(), max(1, path.stat().st_size), 0
    try:
        with path.open("rb") as file:
            while block := file.read(_HASH_BLOCK):
                digest.update(block)
                read += len(block)
                yield Progress(min(1.0, start + share * read / size), "Checking the model")
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror}.", path) from error
    return digest.hexdigest()


def model_folders() -> Iterator[Path]:
    """Yield the folders of complete bundles: those that plugins bring, the shipped ones, the user's.

    A later one takes the place of its namesakes, so that no plugin replaces a model of the program.
    """
    for root in (*paths.plugin_models_dirs(), paths.shipped_models_dir(), paths.user_models_dir()):
        if root.is_dir():
            for folder in sorted(root.iterdir()):
                # a dot stands before what is not complete yet
                if not folder.name.startswith(".") and (folder / MANIFEST).is_file():
                    yield folder


def installed_bundles() -> list[Bundle]:
    """Return the usable bundles; one of the user's takes the place of its namesake."""
    return list(_loaded()[0].values())


def bundle_problems() -> list[BundleError]:
    """Return why other folders with a manifest are not usable."""
    return _loaded()[1]


def _loaded() -> tuple[dict[str, Bundle], list[BundleError]]:
    bundles: dict[str, Bundle] = {}
    problems = []
    for folder in model_folders():
        try:
            bundle = load_bundle(folder)
        except BundleError as error:
            problems.append(error)
        else:
            bundles[bundle.id] = bundle
    return bundles, problems


def find_bundle(bundle_id: str | None = None) -> Bundle:
    """Return an installed bundle by id; without an id the shipped one, or else the first there is.

    Raises:
        BundleError: there is none, none of that id, or that one is not usable.
    """
    bundles, problems = _loaded()
    wanted = bundle_id or DEFAULT_BUNDLE
    if wanted in bundles:
        return bundles[wanted]
    for problem in problems:
        if problem.path is not None and wanted in (problem.path.name, *problem.path.parent.parts[-2:]):
            raise problem
    if bundle_id is None and bundles:
        return next(iter(bundles.values()))
    if not bundles:
        reason = f" ({problems[0]})" if problems else ""
        raise BundleError(f"No model is installed in {paths.shipped_models_dir()}{reason}.")
    raise BundleError(f"There is no model named {wanted}; installed: {', '.join(bundles)}.")
