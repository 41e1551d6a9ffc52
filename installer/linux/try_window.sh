#!/usr/bin/env bash
# Inside the bare root: open the packaged window on a virtual screen, look whether it shows something, close it.
set -euo pipefail

export DISPLAY=:97
Xvfb "$DISPLAY" -screen 0 1440x900x24 -nolisten tcp >/dev/null 2>&1 &
screen=$!
trap 'kill "$screen" 2>/dev/null || true' EXIT
for _ in $(seq 100); do
    xdotool getdisplaygeometry >/dev/null 2>&1 && break
    sleep 0.1
done

audiosr-desktop-window /root/demo/before.wav 2>/root/window.err &
window=$!
found=""
for _ in $(seq 300); do
    kill -0 "$window" 2>/dev/null || { echo "the window ended by itself" >&2; cat /root/window.err >&2; exit 1; }
    found="$(xdotool search --onlyvisible --name 'before.wav' 2>/dev/null | head -n 1)" && [[ -n "$found" ]] && break
    sleep 0.2
done
[[ -n "$found" ]] || { echo "no window with the file's name came up" >&2; cat /root/window.err >&2; exit 1; }
sleep 8 # for the pictures
import -window root /root/window.png
colours="$(identify -format %k /root/window.png)"
((colours > 200)) || { echo "the window shows next to nothing: $colours colours" >&2; exit 1; }
grep VmHWM "/proc/$window/status"
# the welcome stands in front on the first start, if it has the keys: Escape closes it, then Ctrl+Q the window
xdotool key --clearmodifiers Escape
sleep 1
xdotool windowfocus "$found" key --clearmodifiers ctrl+q
for _ in $(seq 100); do
    kill -0 "$window" 2>/dev/null || break
    sleep 0.2
done
if kill -0 "$window" 2>/dev/null; then
    kill "$window"
    echo "Ctrl+Q did not close the window" >&2
    exit 1
fi
wait "$window"
