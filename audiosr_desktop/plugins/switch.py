"""How a frozen program, which has no `python -m`, starts itself as a plugin's process."""

CHILD_SWITCH = "--plugin-process"
CHILD_MODULE = "audiosr_desktop.plugins.child"
