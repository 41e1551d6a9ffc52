#!/usr/bin/env bash
# Build the packaged program and its Debian packages: bash installer/linux/build.sh [OUT]
#
# OUT (default build/linux) gets audiosr-desktop/ (a folder that needs no Python), the packages audiosr-desktop_….deb
# and audiosr-desktop-cuda_….deb (ONNX Runtime's part for graphics cards), and SHA256SUMS; with SIGN_KEY=ID in the
# environment SHA256SUMS.asc as well. `bash installer/linux/try.sh` tries the first package in a bare Debian.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)"
mkdir -p "${1:-$root/build/linux}"
out="$(cd "${1:-$root/build/linux}" && pwd -P)"
python="${PYTHON:-python3}"
venv="$out/venv"

say() {
    printf '%s\n' "$*" >&2
}

# A venv of the build's own: what else is on this machine must not get into the package
state="$(cksum <"$root/pyproject.toml")"
if [[ ! -f "$venv/installed" || "$(<"$venv/installed")" != "$state" ]]; then
    say "Installing the program and PyInstaller into $venv"
    "$python" -m venv --clear "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input -e "${root}[build]"
    printf '%s\n' "$state" >"$venv/installed"
fi

say "Freezing the program"
rm -rf "$out/audiosr-desktop"
"$venv/bin/python" -m PyInstaller --noconfirm --log-level WARN --distpath "$out" --workpath "$out/work" \
    "$root/installer/package/audiosr-desktop.spec"

"$venv/bin/python" "$root/installer/package/notices.py" numpy scipy soundfile sounddevice soxr platformdirs mutagen \
    pedalboard PySide6-Essentials shiboken6 onnxruntime-gpu >"$out/audiosr-desktop/licences.txt"

say "Packing"
rm -f "$out"/*.deb
VENV="$venv" bash "$root/installer/linux/deb.sh" "$out"
bash "$root/installer/package/sums.sh" "$out" "$out"/*.deb
du -sh "$out/audiosr-desktop" "$out"/*.deb >&2
