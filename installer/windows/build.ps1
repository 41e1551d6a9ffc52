# Build the packaged program and its installer on Windows: powershell -File installer\windows\build.ps1 [-Out DIR]
#
# Needs Python 3.11 or newer and Inno Setup 6 (iscc.exe on the PATH, or in its usual folder). Leaves in DIR (default
# build\windows) the folder audiosr-desktop, the installers AudioSR-Desktop-VERSION-setup.exe and
# AudioSR-Desktop-cuda-VERSION-setup.exe (ONNX Runtime's part for graphics cards), and SHA256SUMS; with SIGN_KEY=ID in
# the environment SHA256SUMS.asc as well. On Linux check.sh tries the installers with a stand-in for the program.
param([string]$Out = "")
$ErrorActionPreference = "Stop"
[Console]::OutputEncoding = [Text.Encoding]::UTF8 # what notices.py writes

$root = (Resolve-Path (Join-Path $PSScriptRoot "..\..")).Path
if (-not $Out) { $Out = Join-Path $root "build\windows" }
New-Item -ItemType Directory -Force $Out | Out-Null
$Out = (Resolve-Path $Out).Path
$venv = Join-Path $Out "venv"
$python = Join-Path $venv "Scripts\python.exe"

function Invoke-Checked([string]$Program, [string[]]$Words) {
    & $Program @Words
    if ($LASTEXITCODE -ne 0) { throw "$Program ended with code $LASTEXITCODE" }
}

# A venv of the build's own: what else is on this machine must not get into the package
if (-not (Test-Path $python)) { Invoke-Checked "python" @("-m", "venv", $venv) }
Invoke-Checked $python @("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-e", "$root[build]")

Invoke-Checked $python @("-m", "PyInstaller", "--noconfirm", "--log-level", "WARN", "--distpath", $Out,
    "--workpath", (Join-Path $Out "work"), (Join-Path $root "installer\package\audiosr-desktop.spec"))
$notices = & $python (Join-Path $root "installer\package\notices.py") numpy scipy soundfile sounddevice soxr `
    platformdirs mutagen pedalboard PySide6-Essentials shiboken6 onnxruntime-gpu
$notices | Out-File -Encoding utf8 (Join-Path $Out "audiosr-desktop\licences.txt")

if (Get-ChildItem -Recurse (Join-Path $Out "audiosr-desktop") -Filter "*torch*") { throw "torch is inside" }
# The program must do its main job before it is packed
Invoke-Checked (Join-Path $Out "audiosr-desktop\audiosr-desktop.exe") @("demo", "--out", (Join-Path $Out "demo"))

$init = Get-Content -Raw (Join-Path $root "audiosr_desktop\__init__.py")
$version = [regex]::Match($init, '__version__ = "([^"]+)"').Groups[1].Value
$iscc = (Get-Command iscc.exe -ErrorAction SilentlyContinue).Source
if (-not $iscc) { $iscc = Join-Path ${env:ProgramFiles(x86)} "Inno Setup 6\ISCC.exe" }
Invoke-Checked $iscc @("/Qp", "/DVersion=$version", "/DProgram=$(Join-Path $Out 'audiosr-desktop')", "/O$Out",
    (Join-Path $PSScriptRoot "audiosr-desktop.iss"))
# ONNX Runtime's part for graphics cards, from the very build that the program contains
$part = Join-Path $venv "Lib\site-packages\onnxruntime\capi\onnxruntime_providers_cuda.dll"
Invoke-Checked $iscc @("/Qp", "/DVersion=$version", "/DPart=$part", "/O$Out",
    (Join-Path $PSScriptRoot "audiosr-desktop-cuda.iss"))

$sums = foreach ($setup in "AudioSR-Desktop-$version-setup.exe", "AudioSR-Desktop-cuda-$version-setup.exe") {
    "$((Get-FileHash -Algorithm SHA256 (Join-Path $Out $setup)).Hash.ToLower())  $setup"
}
# with the ends of lines that sha256sum reads everywhere
[IO.File]::WriteAllText((Join-Path $Out "SHA256SUMS"), ($sums -join "`n") + "`n")
if ($env:SIGN_KEY) {
    Push-Location $Out
    Invoke-Checked "gpg" @("--batch", "--yes", "--armor", "--local-user", $env:SIGN_KEY,
        "--output", "SHA256SUMS.asc", "--detach-sign", "SHA256SUMS")
    Pop-Location
}
