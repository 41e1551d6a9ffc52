#!/usr/bin/env bash
# Build the app bundle and a disk image on macOS: bash installer/macos/build.sh [OUT]
#
# OUT (default build/macos) gets "AudioSR Desktop.app", AudioSR-Desktop-VERSION.dmg and SHA256SUMS. The command line
# is "AudioSR Desktop.app/Contents/MacOS/audiosr-desktop". With CODESIGN_ID in the environment the app is signed with
# that identity, with NOTARY_PROFILE (of `xcrun notarytool store-credentials`) the image is notarised as well.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)"
mkdir -p "${1:-$root/build/macos}"
out="$(cd "${1:-$root/build/macos}" && pwd -P)"
venv="$out/venv"
version="$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' "$root/audiosr_desktop/__init__.py")"
app="$out/AudioSR Desktop.app"
image="$out/AudioSR-Desktop-$version.dmg"

[[ "$(uname -s)" == Darwin ]] || {
    printf 'An app bundle can be built on macOS only.\n' >&2
    exit 1
}
[[ -x "$venv/bin/python" ]] || "${PYTHON:-python3}" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input -e "${root}[build]"

rm -rf "$app" "$image"
"$venv/bin/python" -m PyInstaller --noconfirm --log-level WARN --distpath "$out" --workpath "$out/work" \
    "$root/installer/package/audiosr-desktop.spec"
"$venv/bin/python" "$root/installer/package/notices.py" numpy scipy soundfile sounddevice soxr platformdirs mutagen \
    pedalboard PySide6-Essentials shiboken6 onnxruntime >"$app/Contents/Resources/licences.txt"

# Writing into the bundle broke the seal that PyInstaller put on it; "-" is a seal without a name
codesign --force --deep --options runtime --entitlements "$root/installer/macos/entitlements.plist" \
    --sign "${CODESIGN_ID:--}" "$app"
codesign --verify --deep --strict "$app"

# The program must do its main job before it is packed
"$app/Contents/MacOS/audiosr-desktop" demo --out "$out/demo"

hdiutil create -quiet -volname "AudioSR Desktop" -srcfolder "$app" -format UDZO "$image"
if [[ -n "${NOTARY_PROFILE:-}" ]]; then
    xcrun notarytool submit "$image" --keychain-profile "$NOTARY_PROFILE" --wait
    xcrun stapler staple "$image"
fi
bash "$root/installer/package/sums.sh" "$out" "$image"
