"""Presets: chains kept under a name, those that came with the program and the user's own."""

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from audiosr_desktop import paths
from audiosr_desktop.effects.chain import Chain, chain_to_json, read_chain
from audiosr_desktop.errors import EffectError

SUFFIX = ".json"


class PresetExistsError(EffectError):
    """There is a preset of that name already."""


@dataclass(frozen=True, slots=True)
class Preset:
    """A chain in a file.

    Attributes:
        id: name of the file without its suffix.
        chain: what it holds.
        path: the file.
        is_factory: whether it came with the program; it can be copied, but not changed.
    """

    id: str
    chain: Chain
    path: Path
    is_factory: bool = False


def installed_presets() -> tuple[list[Preset], list[EffectError]]:
    """Return all presets, the program's first, and why some of the user's files are none."""
    found, broken = [], []
    for folder, is_factory in ((paths.factory_presets_dir(), True), (paths.user_presets_dir(), False)):
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            try:
                found.append(Preset(path.stem, read_chain(path), path, is_factory))
            except EffectError as error:
                broken.append(error)
    return found, broken


def presets_of(effect_id: str) -> list[Preset]:
    """Return the presets that hold this one effect and no other, so that they are values for its form."""
    return [
        preset
        for preset in installed_presets()[0]
        if [(module.effect, module.bypassed) for module in preset.chain.modules] == [(effect_id, False)]
    ]


def find_preset(word: str | Path) -> Preset:
    """Return the preset in a file, or the installed one of that id; a user's goes before the program's.

    Raises:
        EffectError: there is none, or it cannot be read.
    """
    path = Path(word)
    if path.suffix.lower() == SUFFIX or path.is_file():
        return Preset(path.stem, read_chain(path), path)
    for folder, is_factory in ((paths.user_presets_dir(), False), (paths.factory_presets_dir(), True)):
        inside = folder / f"{word}{SUFFIX}"
        if inside.parent == folder and inside.is_file():
            return Preset(inside.stem, read_chain(inside), inside, is_factory)
    names = ", ".join(preset.id for preset in installed_presets()[0])
    raise EffectError(f"There is no preset {str(word)!r}; give a file or one of: {names or 'none'}.")


def save_preset(chain: Chain, *, overwrite: bool = False) -> Preset:
    """Keep a chain among the user's presets, under an id made of its title.

    Raises:
        PresetExistsError: there is one of that id.
        EffectError: the title has no letter or number, or it cannot be written.
    """
    preset_id = re.sub(r"\W+", "-", chain.title.lower()).strip("-_")
    if not preset_id:
        raise EffectError("A preset needs a name with letters or numbers.")
    path = paths.user_presets_dir() / f"{preset_id}{SUFFIX}"
    if path.exists() and not overwrite:
        raise PresetExistsError(
            f"There is a preset {preset_id!r} already; choose another name or replace it."
        )
    export_preset(chain, path)
    return Preset(preset_id, chain, path)


def import_preset(path: Path, *, overwrite: bool = False) -> Preset:
    """Copy a preset from a file to the user's presets, checked.

    Raises:
        EffectError: it is not a preset, or there is one of its title.
    """
    return save_preset(read_chain(path), overwrite=overwrite)


def export_preset(chain: Chain, path: Path) -> None:
    """Write a chain to a file, whole or not at all.

    Raises:
        EffectError: it cannot be written.
    """
    beside: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=".tmp")
        beside = Path(name)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(chain_to_json(chain))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        if beside is not None:
            beside.unlink(missing_ok=True)
        raise EffectError(f"The preset {path} cannot be written: {error.strerror}.") from error


def remove_preset(preset: Preset) -> None:
    """Delete one of the user's presets.

    Raises:
        EffectError: it came with the program, or cannot be deleted.
    """
    if preset.is_factory:
        raise EffectError(f"The preset {preset.chain.title} came with the program and stays.")
    try:
        preset.path.unlink(missing_ok=True)
    except OSError as error:
        raise EffectError(f"The preset {preset.path} cannot be deleted: {error.strerror}.") from error
