; ONNX Runtime's part for NVIDIA graphics cards, laid into the installed program: it is as large as the rest.
; iscc /DVersion=0.1.0 /DPart=…\onnxruntime_providers_cuda.dll audiosr-desktop-cuda.iss (build.ps1 does it)
;
; It has the program's AppId, so that it finds the program's folder, and goes when the program is removed.

#ifndef Version
  #error Version is not given: iscc /DVersion=0.1.0
#endif
#ifndef Part
  #error Part is not given: iscc /DPart=FILE
#endif
#ifndef Privileges
  #define Privileges "lowest"
#endif
#define Id "6C0B7A54-5D0E-4C57-9C0B-3B3B0D1E9A41"

[Setup]
AppId={{{#Id}}
AppName=AudioSR Desktop: NVIDIA graphics cards
AppVersion={#Version}
AppPublisher=The AudioSR Desktop authors
DefaultDirName={autopf}\AudioSR Desktop
DisableDirPage=yes
DisableProgramGroupPage=yes
DirExistsWarning=no
LicenseFile=..\..\LICENSE
OutputBaseFilename=AudioSR-Desktop-cuda-{#Version}-setup
SetupIconFile=..\..\resources\icons\audiosr-desktop.ico
Compression=lzma2
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
MinVersion=10.0.17763
PrivilegesRequired={#Privileges}
PrivilegesRequiredOverridesAllowed=dialog
CreateUninstallRegKey=no
UpdateUninstallLogAppName=no
WizardStyle=modern

[Languages]
Name: "en"; MessagesFile: "compiler:Default.isl"
Name: "de"; MessagesFile: "compiler:Languages\German.isl"

[CustomMessages]
en.NotThere=Install AudioSR Desktop {#Version} first, for the same users: this part belongs to that very version.
de.NotThere=Installieren Sie zuerst AudioSR Desktop {#Version}, für dieselben Benutzer: Dieser Teil gehört zu genau dieser Version.

[Files]
Source: "{#Part}"; DestDir: "{app}\_internal\onnxruntime\capi"; DestName: "onnxruntime_providers_cuda.dll"; Flags: ignoreversion

#include "path.iss"

function InitializeSetup: Boolean;
var
  Found: String;
begin
  Result := RegQueryStringValue(HKA, 'Software\Microsoft\Windows\CurrentVersion\Uninstall\{{#Id}}_is1',
    'DisplayVersion', Found) and (Found = '{#Version}');
  if not Result then
    SuppressibleMsgBox(CustomMessage('NotThere'), mbError, MB_OK, IDOK);
end;
