#!/usr/bin/env bash
# Inside the bare root: compile the Windows installers, and install, update, extend and remove under Wine.
set -euo pipefail

work=/root/work
export WINEPREFIX=/root/prefix WINEARCH=win64 WINEDEBUG=-all WINEDLLOVERRIDES="mscoree=;mshtml=" DISPLAY=:96
app="$WINEPREFIX/drive_c/Program Files/AudioSR Desktop"
machine_path='HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Environment'
classes='HKLM\Software\Classes'

fail() {
    printf 'FAILED: %s\n' "$*" >&2
    exit 1
}

# The value of a name of the registry, or nothing
value() {
    wine reg query "$1" "${@:2}" 2>/dev/null | tr -d '\r' | sed -n 's/^ .*REG_[A-Z_]* *//p'
}

# Compile a script without a warning: compile SCRIPT DEFINITION…
compile() {
    local script="$1" word words=()
    for word in "${@:2}"; do
        words+=("/D$word")
    done
    timeout 300 wine /root/inno/ISCC.exe "${words[@]}" "/OZ:\\root\\work" "Z:\\root\\checkout\\installer\\windows\\$script" \
        >"$work/iscc.txt" 2>&1 || { tail -n 20 "$work/iscc.txt" >&2; fail "$script does not compile"; }
    ! grep -i '^warning' "$work/iscc.txt" || fail "$script compiles with warnings"
}

# Run an installer or uninstaller to its end
run() {
    timeout 300 wine "$@" /VERYSILENT /SUPPRESSMSGBOXES /NORESTART "/LOG=Z:\\root\\work\\log.txt" >/dev/null 2>&1
    local code=$?
    wineserver -w
    return "$code"
}

rm -rf "$work" "$WINEPREFIX"
mkdir -p "$work"
Xvfb "$DISPLAY" -screen 0 1024x768x24 -nolisten tcp >/dev/null 2>&1 &
screen=$!
trap 'kill "$screen" 2>/dev/null || true' EXIT
timeout 300 wineboot --init >"$work/wineboot.txt" 2>&1 || { tail "$work/wineboot.txt" >&2; fail "Wine does not start"; }
timeout 60 wine winecfg -v win10 >/dev/null 2>&1
wineserver -w

# The stand-in: two programs that run, and parts beside them as PyInstaller lays them out
whoami="$WINEPREFIX/drive_c/windows/system32/whoami.exe"
for version in 1 2; do
    mkdir -p "$work/program$version/_internal/onnxruntime/capi"
    cp "$whoami" "$work/program$version/audiosr-desktop.exe"
    cp "$whoami" "$work/program$version/audiosr-desktop-window.exe"
    touch "$work/program$version/_internal/of-version-$version" "$work/part.dll"
done

for privileges in lowest admin; do # what is handed out, and what Wine can install
    for version in 1 2; do
        compile audiosr-desktop.iss "Version=0.$version.0" "Program=Z:\\root\\work\\program$version" "Privileges=$privileges"
        compile audiosr-desktop-cuda.iss "Version=0.$version.0" "Part=Z:\\root\\work\\part.dll" "Privileges=$privileges"
    done
done
printf 'compiled\n'

before="$(value "$machine_path" /v Path)"
! run "$work/AudioSR-Desktop-cuda-0.1.0-setup.exe" || fail "the part for cards goes where there is no program"
run "$work/AudioSR-Desktop-0.1.0-setup.exe" /TASKS=path,desktopicon || { tail "$work/log.txt" >&2; fail "installing"; }
[[ -s "$app/audiosr-desktop.exe" && -f "$app/_internal/of-version-1" ]] || fail "files are missing"
[[ "$(value "$machine_path" /v Path)" == "$before;C:\\Program Files\\AudioSR Desktop" ]] || fail "not on the path"
[[ -n "$(cd / && wine cmd /c audiosr-desktop 2>/dev/null)" ]] || fail "the command is not found by its name"
links="$(find "$WINEPREFIX/drive_c" -name 'AudioSR Desktop.lnk' | wc -l)"
[[ "$links" == 2 ]] || fail "$links links instead of one in the menu and one on the desktop"
[[ "$(value "$classes\\.asrproj" /ve)" == AudioSRDesktop.Project ]] || fail "projects are not opened"
[[ "$(value "$classes\\AudioSRDesktop.Project\\shell\\open\\command" /ve)" == \
    '"C:\Program Files\AudioSR Desktop\audiosr-desktop-window.exe" "%1"' ]] || fail "projects are opened otherwise"
types="$(wine reg query "$classes\\Applications\\audiosr-desktop-window.exe\\SupportedTypes" | grep -c REG_SZ)"
[[ "$types" == 12 ]] || fail "offered for $types types"
printf 'installed\n'

run "$work/AudioSR-Desktop-cuda-0.1.0-setup.exe" || { tail "$work/log.txt" >&2; fail "the part for cards"; }
[[ -f "$app/_internal/onnxruntime/capi/onnxruntime_providers_cuda.dll" ]] || fail "the part for cards is elsewhere"
! run "$work/AudioSR-Desktop-cuda-0.2.0-setup.exe" || fail "a part of another version goes in"
printf 'extended\n'

run "$work/AudioSR-Desktop-0.2.0-setup.exe" /TASKS=path /LANG=de || { tail "$work/log.txt" >&2; fail "updating"; }
[[ -f "$app/_internal/of-version-2" && ! -e "$app/_internal/of-version-1" ]] || fail "versions are mixed"
[[ ! -e "$app/_internal/onnxruntime/capi/onnxruntime_providers_cuda.dll" ]] || fail "an old part for cards is left"
[[ "$(value "$machine_path" /v Path)" == "$before;C:\\Program Files\\AudioSR Desktop" ]] || fail "twice on the path"
run "$work/AudioSR-Desktop-cuda-0.2.0-setup.exe" || fail "the part for cards, after the update"
printf 'updated\n'

run "$app/unins000.exe" || { tail "$work/log.txt" >&2; fail "removing"; }
[[ ! -e "$app" ]] || { find "$app" >&2; fail "something is left of the folder"; }
[[ "$(value "$machine_path" /v Path)" == "$before" ]] || fail "the path is not what it was, but $(value "$machine_path" /v Path)"
! find "$WINEPREFIX/drive_c" -name 'AudioSR Desktop*' | grep . || fail "links are left"
for key in "$classes\\.asrproj" "$classes\\AudioSRDesktop.Project" "$classes\\Applications\\audiosr-desktop-window.exe" \
    'HKLM\Software\Microsoft\Windows\CurrentVersion\Uninstall\{6C0B7A54-5D0E-4C57-9C0B-3B3B0D1E9A41}_is1'; do
    ! wine reg query "$key" >/dev/null 2>&1 || fail "$key is left"
done
printf 'removed\n'
