#!/usr/bin/env bash
# Set AudioSR Desktop up in .venv, as far as it is not yet, and run it: bash installer/run.sh [ARGS…]
set -euo pipefail

# shellcheck source=setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

make_venv
install_program ""
want_packages libegl1 libgl1 libglib2.0-0 libfontconfig1 libxkbcommon0 libdbus-1-3 \
    libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 libxkbcommon-x11-0 \
    libportaudio2

if [[ $# == 0 && "$(uname -s)" == Linux && -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}${QT_QPA_PLATFORM:-}" ]]; then
    say "There is no screen to open the editor on, so this runs \`audiosr-desktop demo\` instead."
    set -- demo
fi
exec "$venv/bin/audiosr-desktop" "$@"
