"""The options of the sub-commands about the program's parts: models, plugins, graphics cards, completion."""

from pathlib import Path

from audiosr_desktop.cli_grammar import Commands, add_command, add_group, device


def add_models(commands: Commands) -> None:
    """Add `models`."""
    actions = add_group(
        commands,
        "models",
        "list, show, check, import and remove models",
        "A model is a bundle: a folder with a manifest and ONNX graphs.",
    )
    add_command(actions, "list", "cli_models:list_", "the installed models", "List the installed models.")
    show = add_command(
        actions, "show", "cli_models:show", "what a manifest says", "Show what a model's manifest says."
    )
    show.add_argument("id", metavar="ID")
    verify = add_command(
        actions, "verify", "cli_models:verify", "check the files' sums", "Check the sums of the files."
    )
    verify.add_argument("id", metavar="ID", nargs="?", help="all models if absent")
    import_ = add_command(
        actions,
        "import",
        "cli_models:import_",
        "install a model from a folder, a zip file or a checkpoint",
        "Install a model for this user: a bundle's folder or zip file, the folder or zip file of the "
        "public ONNX port of AudioSR, or an official checkpoint (.bin, .ckpt, .pt, .safetensors; needs "
        "the extra `train`). An import of a checkpoint that was interrupted goes on where it stopped.",
    )
    import_.add_argument("path", type=Path, metavar="PATH")
    import_.add_argument("--id", metavar="ID", help="install it under this name")
    import_.add_argument("--replace", action="store_true", help="take the place of an installed model")
    import_.add_argument(
        "--precision",
        choices=("single", "half"),
        default="single",
        help="of the graphs made of a checkpoint: single (default) everywhere, half for CUDA",
    )
    import_.add_argument(
        "--condition",
        choices=("lowpass_mel", "degraded_mel"),
        default="lowpass_mel",
        help="what a checkpoint was trained to read; degraded_mel after fine-tuning on noise",
    )
    remove = add_command(
        actions, "remove", "cli_models:remove", "delete an imported model", "Delete an imported model."
    )
    remove.add_argument("id", metavar="ID")


def add_plugins(commands: Commands) -> None:
    """Add `plugins`."""
    actions = add_group(
        commands,
        "plugins",
        "list, scan, switch on and off plugins; begin a new one",
        "Plugins bring effects: Python code, VST3, CLAP. They run in processes of their own.",
    )
    add_command(actions, "list", "cli_plugins:list_", "the plugins that are installed", "List the plugins.")
    add_command(
        actions,
        "scan",
        "cli_plugins:scan_",
        "look into plugins that are new or changed",
        "Look into VST3 and CLAP plugins that are new or changed, each in a process of its own that has 30 "
        "seconds. One that fails is left out until its file changes, or it is enabled.",
    )
    enable = add_command(
        actions,
        "enable",
        "cli_plugins:enable_",
        "trust a plugin and switch it on",
        "Trust this version of a plugin to run on this computer, and switch it on. A Python plugin that is "
        "changed has to be enabled again.",
    )
    enable.add_argument("id", metavar="ID")
    disable = add_command(
        actions, "disable", "cli_plugins:disable_", "switch a plugin off", "Switch a plugin off."
    )
    disable.add_argument("id", metavar="ID")
    new = add_command(
        actions,
        "new",
        "cli_plugins:new_",
        "write a small Python plugin to start from",
        "Write a small Python plugin to start from.",
    )
    new.add_argument("name", metavar="NAME")
    new.add_argument(
        "--out", type=Path, metavar="DIR", help="folder to put it in; the user's plugins if absent"
    )


def add_setup(commands: Commands) -> None:
    """Add `setup`."""
    parts = add_group(
        commands,
        "setup",
        "look whether a graphics card can be used, and fetch what it needs",
        "Parts that not everyone needs.",
        parts="part",
    )
    cuda = add_command(
        parts,
        "cuda",
        "cli_setup:cuda",
        "NVIDIA graphics cards",
        "Look at the driver, at ONNX Runtime, at NVIDIA's libraries, and try the model on the card; says "
        "what is missing. The exit code is 0 if the card can be used.",
    )
    cuda.add_argument("--install", action="store_true", help="fetch the CUDA libraries first (1.3 GB)")
    cuda.add_argument("--yes", action="store_true", help="agree to that without a question")
    cuda.add_argument("--model", metavar="ID", help="the model to try with, see `models list`")
    cuda.add_argument("--device", type=device, default="cuda", metavar="cuda[:N]", help="the card to try")


def add_completion(commands: Commands) -> None:
    """Add `completion`."""
    parser = add_command(
        commands,
        "completion",
        "cli_completion:completion",
        "print a script that completes commands and options in a shell",
        "Print a script for the shell: source <(audiosr-desktop completion bash), the same for zsh, and "
        "audiosr-desktop completion fish | source.",
    )
    parser.add_argument("shell", choices=("bash", "zsh", "fish"))
