; Installer for Windows, made by Inno Setup 6: iscc /DVersion=0.1.0 /DProgram=FOLDER audiosr-desktop.iss
; (build.ps1 does it). Program is the folder that PyInstaller made.

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
PrivilegesRequired={#Privileges}
PrivilegesRequiredOverridesAllowed=dialog
ChangesAssociations=yes
ChangesEnvironment=yes
WizardStyle=modern

[Tasks]
Name: "desktopicon"; Description: "{cm:CreateDesktopIcon}"; GroupDescription: "{cm:AdditionalIcons}"; Flags: unchecked
Name: "path"; Description: "Let audiosr-desktop be called from every command line"; Flags: unchecked

[Files]
Source: "{#Program}\*"; DestDir: "{app}"; Flags: recursesubdirs createallsubdirs ignoreversion

[Icons]
Name: "{group}\AudioSR Desktop"; Filename: "{app}\audiosr-desktop-window.exe"
Name: "{autodesktop}\AudioSR Desktop"; Filename: "{app}\audiosr-desktop-window.exe"; Tasks: desktopicon

[Registry]
; "Open with" for sound files: the program offers itself and takes no type away from another one
Root: HKA; Subkey: "Software\Classes\Applications\audiosr-desktop-window.exe\shell\open\command"; ValueType: string; ValueData: """{app}\audiosr-desktop-window.exe"" ""%1"""; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\.asrproj"; ValueType: string; ValueData: "AudioSRDesktop.Project"; Flags: uninsdeletevalue
Root: HKA; Subkey: "Software\Classes\AudioSRDesktop.Project"; ValueType: string; ValueData: "AudioSR Desktop project"; Flags: uninsdeletekey
Root: HKA; Subkey: "Software\Classes\AudioSRDesktop.Project\shell\open\command"; ValueType: string; ValueData: """{app}\audiosr-desktop-window.exe"" ""%1"""; Flags: uninsdeletekey
Root: HKCU; Subkey: "Environment"; ValueType: expandsz; ValueName: "Path"; ValueData: "{olddata};{app}"; Tasks: path; Check: NotOnPath

[Run]
Filename: "{app}\audiosr-desktop-window.exe"; Description: "{cm:LaunchProgram,AudioSR Desktop}"; Flags: nowait postinstall skipifsilent

[Code]
function NotOnPath: Boolean;
var
  Present: String;
begin
  if not RegQueryStringValue(HKCU, 'Environment', 'Path', Present) then
    Present := '';
  Result := Pos(';' + Uppercase(ExpandConstant('{app}')) + ';', ';' + Uppercase(Present) + ';') = 0;
end;

procedure CurUninstallStepChanged(Step: TUninstallStep);
var
  Present: String;
begin
  if (Step = usPostUninstall) and RegQueryStringValue(HKCU, 'Environment', 'Path', Present) then
    if StringChangeEx(Present, ';' + ExpandConstant('{app}'), '', True) > 0 then
      RegWriteExpandStringValue(HKCU, 'Environment', 'Path', Present);
end;
