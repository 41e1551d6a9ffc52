"""The one place that knows where resources, bundles and user data are."""

import sys
from pathlib import Path

import platformdirs

APP_NAME = "audiosr-desktop"


def program_dir() -> Path:
    """Return the folder that holds `resources` and `models`: frozen program, wheel, or checkout."""
    if frozen := getattr(sys, "_MEIPASS", None):
        return Path(frozen)
    package = Path(__file__).resolve().parent
    shared = package / "_shared"  # where the wheel puts both folders
    return shared if shared.is_dir() else package.parent


def resources_dir() -> Path:
    """Return the folder of icons, help and the example sound."""
    return program_dir() / "resources"


def example_sound() -> Path:
    """Return the bundled example that the editor opens on first start: music without its top above 6 kHz."""
    return resources_dir() / "example" / "example-narrow.flac"


def clean_example_sound() -> Path:
    """Return the undamaged recording of the example, which `demo` damages, restores and measures against."""
    return resources_dir() / "example" / "example.flac"


def evaluation_sounds() -> Path:
    """Return the clean sound that `evaluate` takes by itself: clips beside the checkout, or the example."""
    clips = program_dir().parent / "shared" / "audio"
    return clips if clips.is_dir() else clean_example_sound()


def shipped_models_dir() -> Path:
    """Return the folder of the bundles that came with the program."""
    return program_dir() / "models"


def default_models_dir() -> Path:
    """Return the folder of imported bundles where the user chose no other."""
    return platformdirs.user_data_path(APP_NAME, appauthor=False) / "models"


def models_choice_file() -> Path:
    """Return the file that names the folder the user chose for bundles; it may not exist."""
    return platformdirs.user_config_path(APP_NAME, appauthor=False) / "models-folder.txt"


def user_models_dir() -> Path:
    """Return the folder of imported bundles; it may not exist yet."""
    try:
        chosen = models_choice_file().read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        chosen = ""
    return Path(chosen) if Path(chosen).is_absolute() else default_models_dir()


def factory_presets_dir() -> Path:
    """Return the folder of the presets that came with the program."""
    return resources_dir() / "presets"


def user_presets_dir() -> Path:
    """Return the folder of the user's presets; it may not exist yet."""
    return platformdirs.user_data_path(APP_NAME, appauthor=False) / "presets"


def timings_file() -> Path:
    """Return the file of how long effects took on this machine; it may not exist yet."""
    return platformdirs.user_data_path(APP_NAME, appauthor=False) / "timings.json"


def shipped_plugins_dir() -> Path:
    """Return the folder of the plugins that came with the program."""
    return resources_dir() / "plugins"


def plugin_template_dir() -> Path:
    """Return the folder that `plugins new` copies."""
    return resources_dir() / "plugin-template"


def user_plugins_dir() -> Path:
    """Return the folder of the user's plugins; it may not exist yet."""
    return platformdirs.user_data_path(APP_NAME, appauthor=False) / "plugins"


def plugin_models_dirs() -> list[Path]:
    """Return the folders of the bundles that the user's plugins bring."""
    return sorted(user_plugins_dir().glob("*/models"))


def plugin_records() -> Path:
    """Return the file that tells what is known of plugins: trust, effects, failures; it may not exist yet."""
    return platformdirs.user_data_path(APP_NAME, appauthor=False) / "plugins.json"


def log_dir() -> Path:
    """Return the folder of log files; it may not exist yet."""
    return platformdirs.user_log_path(APP_NAME, appauthor=False)


def scratch_root() -> Path:
    """Return the folder under which scratch stores are made; it may not exist yet."""
    return platformdirs.user_cache_path(APP_NAME, appauthor=False) / "scratch"


def batch_queue() -> Path:
    """Return the file of the window's batch queue; it may not exist yet."""
    return platformdirs.user_data_path(APP_NAME, appauthor=False) / "batch" / "queue.sqlite"
