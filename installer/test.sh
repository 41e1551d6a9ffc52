#!/usr/bin/env bash
# Set AudioSR Desktop up for tests and check all of it: bash installer/test.sh [PYTEST ARGS…]
# Lint, types, import rules and tests all run, and the exit code is 0 only if all of them pass.
set -euo pipefail

# shellcheck source=setup.sh
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

make_venv
install_program "[dev,train]"
want_packages libegl1 libgl1 libglib2.0-0 libfontconfig1 libxkbcommon0 libdbus-1-3 \
    libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 libxkbcommon-x11-0 \
    libportaudio2 xvfb xauth libxtst6 lame gcc libc6-dev \
    pulseaudio pulseaudio-utils libasound2-plugins zam-plugins chromium chromium-driver

cd "$root"
export PATH="$venv/bin:$PATH"
export QT_QPA_PLATFORM="${QT_QPA_PLATFORM:-offscreen}"
failed=()

check() {
    local title="$1"
    shift
    say "== $title"
    "$@" || failed+=("$title")
}

check "lint (ruff check)" ruff check .
check "format (ruff format)" ruff format --check .
check "types (mypy)" mypy
check "import rules (lint-imports)" lint-imports
check "tests (pytest)" python -m pytest "$@"

if ((${#failed[@]})); then
    say "Failed: $(printf '%s; ' "${failed[@]}")"
    exit 1
fi
say "All checks passed."
