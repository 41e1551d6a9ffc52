"""How a frozen program, which has no `python -m`, starts itself as the sound device's process."""

DEVICE_SWITCH = "--sound-process"
DEVICE_MODULE = "audiosr_desktop.playback.child"
