; Installer for Windows, made by Inno Setup 6: iscc /DVersion=0.1.0 /DProgram=FOLDER audiosr-desktop.iss
; (build.ps1 does it, check.sh tries it under Wine). Program is the folder that PyInstaller made.

#ifndef Version
  #error Version is not given: iscc /DVersion=0.1.0
#endif
#ifndef Program
  #error Program is not given: iscc /DProgram=FOLDER
#endif
#ifndef Privileges
  #define Privileges "lowest"
#endif

[Setup]
AppId={{6C0B7A54-5D0E-4C57-9C0B-3B3B0D1E9A41}
AppName=AudioSR Desktop
AppVersion={#Version}
AppPublisher=The AudioSR Desktop authors
DefaultDirName={autopf}\AudioSR Desktop
DefaultGroupName=AudioSR Desktop
DisableProgramGroupPage=yes
LicenseFile=..\..\LICENSE
OutputBaseFilename=AudioSR-Desktop-{#Version}-setup
SetupIconFile=..\..\resources\icons\audiosr-desktop.ico
UninstallDisplayIcon={app}\audiosr-desktop-window.exe
Compression=lzma2
SolidCompression=yes
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
MinVersion=10.0.17763
PrivilegesRequired={#Privileges}
PrivilegesRequiredOverridesAllowed=dialog
ChangesAssociations=yes
ChangesEnvironment=yes
WizardStyle=modern

[Languages]
Name: "en"; MessagesFile: "compiler:Default.isl"
Name: "de"; MessagesFile: "compiler:Languages\German.isl"

[CustomMessages]
en.OnThePath=Let audiosr-desktop be called from every command line
de.OnThePath=audiosr-desktop von jeder Eingabeaufforderung aus aufrufbar machen
en.Project=AudioSR Desktop project
de.Project=AudioSR-Desktop-Projekt

[Tasks]
Name: "desktopicon"; Description: "{cm:CreateDesktopIcon}"; GroupDescription: "{cm:AdditionalIcons}"; Flags: unchecked
Name: "path"; Description: "{cm:OnThePath}"; Flags: unchecked

; Parts of the version before, its part for graphics cards among them, must not mix with the new ones
[InstallDelete]
Type: filesandordirs; Name: "{app}\_internal"

[Files]
Source: "{#Program}\*"; DestDir: "{app}"; Flags: recursesubdirs createallsubdirs ignoreversion

[Icons]
Name: "{group}\AudioSR Desktop"; Filename: "{app}\audiosr-desktop-window.exe"
Name: "{autodesktop}\AudioSR Desktop"; Filename: "{app}\audiosr-desktop-window.exe"; Tasks: desktopicon

[Registry]
; "Open with" for sound files: the program offers itself and takes no type away from another one
#define Application "Software\Classes\Applications\audiosr-desktop-window.exe"
Root: HKA; Subkey: "{#Application}"; ValueType: string; ValueName: "FriendlyAppName"; ValueData: "AudioSR Desktop"; Flags: uninsdeletekey
Root: HKA; Subkey: "{#Application}\shell\open\command"; ValueType: string; ValueData: """{app}\audiosr-desktop-window.exe"" ""%1"""
#define Types "wav w64 rf64 aif aiff flac ogg opus mp3 caf au asrproj "
#sub OfferForType
  #define Suffix Copy(Types, 1, Pos(" ", Types) - 1)
  #define public Types Copy(Types, Pos(" ", Types) + 1)
Root: HKA; Subkey: "{#Application}\SupportedTypes"; ValueType: string; ValueName: ".{#Suffix}"; ValueData: ""
#endsub
#for {0; Pos(" ", Types) > 0; 0} OfferForType
Root: HKA; Subkey: "Software\Classes\.asrproj"; ValueType: string; ValueData: "AudioSRDesktop.Project"; Flags: uninsdeletevalue uninsdeletekeyifempty
Root: HKA; Subkey: "Software\Classes\AudioSRDesktop.Project"; ValueType: string; ValueData: "{cm:Project}"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\AudioSRDesktop.Project\DefaultIcon"; ValueType: string; ValueData: "{app}\audiosr-desktop-window.exe,0"
Root: HKA; Subkey: "Software\Classes\AudioSRDesktop.Project\shell\open\command"; ValueType: string; ValueData: """{app}\audiosr-desktop-window.exe"" ""%1"""

[Run]
Filename: "{app}\audiosr-desktop-window.exe"; Description: "{cm:LaunchProgram,AudioSR Desktop}"; Flags: nowait postinstall skipifsilent

#include "path.iss"

procedure CurStepChanged(Step: TSetupStep);
var
  Folders: String;
begin
  if (Step <> ssPostInstall) or not WizardIsTaskSelected('path') then
    exit;
  if not RegQueryStringValue(PathRoot, PathKey, 'Path', Folders) then
    Folders := '';
  Folders := WithoutProgram(Folders);
  if Folders <> '' then
    Folders := Folders + ';';
  RegWriteExpandStringValue(PathRoot, PathKey, 'Path', Folders + ExpandConstant('{app}'));
end;
