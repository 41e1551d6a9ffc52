#!/usr/bin/env bash
# Draw the pictures of the guide and of the README anew, from the program itself: bash installer/screenshots.sh
set -euo pipefail

# shellcheck source=setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

make_venv
install_program ""
exec env QT_QPA_PLATFORM=offscreen "$venv/bin/python" "$root/installer/screenshots.py" "$@"
