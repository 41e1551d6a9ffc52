; The list of folders in which command lines look, for both installers: the code of the one that was run last is
; what runs when the program is removed.

[Code]
// The list of folders in which command lines look: that of the user, or of the machine where it is installed for all
function PathRoot: Integer;
begin
  if IsAdminInstallMode then
    Result := HKLM
  else
    Result := HKCU;
end;

function PathKey: String;
begin
  if IsAdminInstallMode then
    Result := 'SYSTEM\CurrentControlSet\Control\Session Manager\Environment'
  else
    Result := 'Environment';
end;

// Take the program's folder out of a list; another one that only begins with the same letters stays
function WithoutProgram(Folders: String): String;
var
  Ours: String;
  Place: Integer;
begin
  Ours := ';' + Uppercase(ExpandConstant('{app}')) + ';';
  Result := ';' + Folders + ';';
  Place := Pos(Ours, Uppercase(Result));
  while Place > 0 do begin
    Delete(Result, Place, Length(Ours) - 1);
    Place := Pos(Ours, Uppercase(Result));
  end;
  Result := Copy(Result, 2, Length(Result) - 2);
end;

procedure CurUninstallStepChanged(Step: TUninstallStep);
var
  Folders: String;
begin
  if (Step <> usPostUninstall) or not RegQueryStringValue(PathRoot, PathKey, 'Path', Folders) then
    exit;
  if WithoutProgram(Folders) = Folders then
    exit;
  if WithoutProgram(Folders) = '' then
    RegDeleteValue(PathRoot, PathKey, 'Path')
  else
    RegWriteExpandStringValue(PathRoot, PathKey, 'Path', WithoutProgram(Folders));
end;
