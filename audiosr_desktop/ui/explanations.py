"""What actions, places and controls do, in a sentence or two: for What's this (Shift+F1) and hints."""

ACTIONS = {  # by id
    "open": "Opens sound files, each in a tab of its own. Files can also be dropped on the window.",
    "save": "Writes all open steps, takes and markers of this document to its project file.",
    "save_as": "Asks for a project file; the project then links the source or holds its sound.",
    "export": "Writes the sound, or the selected part of it, to a file. The source is never overwritten.",
    "batch": "Runs an effect over many files and folders; the queue survives the end of the program.",
    "close": "Closes this document; what is not saved is asked about.",
    "next_document": "Shows the next open document.",
    "previous_document": "Shows the previous open document.",
    "quit": "Ends the program; what is not saved and what still runs is asked about.",
    "undo": "Takes the last step back, at once, however long the step took.",
    "redo": "Does again what was taken back.",
    "cut": "Takes the selection out and keeps it for pasting; of single channels it leaves silence.",
    "copy": "Keeps the selected sound for pasting, here or in another document.",
    "paste": "Puts the kept sound in place of the selection, or at the playhead.",
    "paste_insert": "Puts the kept sound in; what comes after it moves back.",
    "paste_mix": "Adds the kept sound to what is there.",
    "delete": "Takes the selection out, and what comes after it moves up.",
    "silence": "Makes the selection silent; its shape and its frequencies are kept to.",
    "trim": "Keeps the selection and removes what is before and after it.",
    "clickless": "Fades the sound for milliseconds where a cut joins two places, so that nothing clicks.",
    "generate": "Puts a tone or noise at the playhead.",
    "resample": "Converts the whole document to another sample rate; length and pitch stay.",
    "channels": "Mixes to mono, swaps, drops or doubles channels.",
    "mark": "Sets a marker at the playhead, or a region where something is selected.",
    "next_mark": "Moves the playhead to the next marker.",
    "previous_mark": "Moves the playhead to the previous marker.",
    "markers": "Shows the list of markers and regions, where they are named and deleted.",
    "history": "Shows all steps; a click on one goes back to it.",
    "select_all": "Selects the whole length, all frequencies.",
    "select_none": "Takes the selection back; effects then work on the whole file.",
    "edge_left": "Puts the start of the selection where the playhead is.",
    "edge_right": "Puts the end of the selection where the playhead is.",
    "zero": "Moves the edges of the selection to where the wave crosses zero, so that cuts do not click.",
    "band": "Switches the frequency bounds of the selection off and on; its start and end stay.",
    "extend_left": "Moves the start of the selection to the left by a step; the step follows the zoom.",
    "extend_right": "Moves the end of the selection to the right by a step; the step follows the zoom.",
    "contract_left": "Moves the start of the selection to the right by a step.",
    "contract_right": "Moves the end of the selection to the left by a step.",
    "hand": "Dragging moves the view.",
    "time": "Dragging selects a span of time over all frequencies.",
    "time_frequency": "Dragging in the spectrogram selects a span of time and a band of frequencies.",
    "frequency": "Dragging in the spectrogram selects a band of frequencies over the whole length.",
    "lasso": "Draws a free shape. Shift adds it to what is selected, Alt takes it away, both intersect.",
    "brush": "Dragging paints the selection; its size is in the tool options.",
    "wand": "A click selects what is connected to it and about as loud.",
    "next_channel": "Lets the selection mean one channel after the other, then all of them again.",
    "harmonics": "Adds the multiples of the selected band: a tone is then selected with its overtones.",
    "select_before": "Brings back the selection that was there before this one.",
    "select_after": "Goes forward again to the selection that came after this one.",
    "wipe": "Shows the sound before the last step to the left of a line that can be dragged.",
    "overlay": "Draws the waveform over the spectrogram.",
    "cutoff_again": "Measures again where the band ends: the dashed line, which can also be dragged.",
    "apply": "Runs the effect of the panel on the selection, or on the whole file if nothing is selected. "
    "What lies outside stays bit for bit as it is.",
    "preview": "Plays ten seconds with the effect, in place and looping; nothing is changed.",
    "chain": "Runs several effects in order; chains are saved as presets, also for batches.",
    "repeat": "Runs the last effect with the same values on the present selection.",
    "cancel": "Ends the running job; the sound is then as it was before.",
    "play": "Plays the selection or from the playhead; again stops.",
    "play_on": "Plays from the playhead to the end, whatever is selected.",
    "pause": "Holds at this place; again goes on from there.",
    "stop": "Stops and goes back to where playing began.",
    "loop": "Plays the selection over and over.",
    "loop_selection": "Begins to play the selection over and over.",
    "cut_preview": "Plays two seconds before the selection and one after it, as if it were cut out.",
    "band_only": "Lets only the selected band be heard.",
    "to_start": "Moves the playhead to the start of the file.",
    "to_end": "Moves the playhead to the end of the file.",
    "step_left": "Moves the playhead to the left by a step; the step follows the zoom.",
    "step_right": "Moves the playhead to the right by a step; the step follows the zoom.",
    "back": "Moves the playhead back by a second, also while playing.",
    "forward": "Moves the playhead on by a second, also while playing.",
    "far_back": "Moves the playhead back by fifteen seconds, also while playing.",
    "far_forward": "Moves the playhead on by fifteen seconds, also while playing.",
    "before_start": "Plays what leads up to the start of the selection.",
    "after_start": "Plays what follows the start of the selection.",
    "before_end": "Plays what leads up to the end of the selection.",
    "after_end": "Plays what follows the end of the selection.",
    "compare": "Switches between the sound before and after, at the same place, without a gap.",
    "delta": "Lets only the difference between before and after be heard.",
    "level_match": "Plays all takes equally loud, so that the louder one does not seem the better one.",
    "new_variation": "Restores the same span with other noise; all takes are kept and can be compared.",
    "apply_as_take": "Runs the effect of the panel as one more take of the last result; the document does "
    "not change.",
    "abx": "A blind test: is X the one or the other? Tells how likely the score is by chance.",
    "ranking": "Orders the takes by ear without their names.",
    "export_listening": "Writes one HTML page with the takes that anyone can listen to without this program.",
    "view_waveform": "Shows the waveform alone: loudness over time.",
    "view_spectrogram": "Shows the spectrogram alone: high tones at the top, bright is loud.",
    "view_both": "Shows the waveform above the spectrogram.",
    "zoom_in": "Shows a shorter span over the full width.",
    "zoom_out": "Shows a longer span over the full width.",
    "zoom_selection": "Shows the selection over the full width.",
    "zoom_fit": "Shows the whole file.",
    "zoom_back": "Goes back to what was shown before the last zoom.",
    "height_in": "Shows fewer frequencies, or quieter sound in the waveform, over the full height; of the "
    "picture that has the focus.",
    "height_out": "Shows more frequencies, or louder sound in the waveform, over the full height.",
    "height_up": "Shows higher frequencies.",
    "height_down": "Shows lower frequencies.",
    "full_screen": "Fills the screen with the window; again brings it back.",
    "next_pane": "Moves the keys' focus to the next part of the window.",
    "context_menu": "Opens the menu that a right click opens, at what has the keys' focus.",
    "spectrogram_settings": "Sets resolution, scale, colours and levels of the spectrogram.",
    "preferences": "Sets how the window looks and behaves, and what computes.",
    "models": "Shows the models with size, speed here and licence; imports and removes them.",
    "plugins": "Lists effects of others, and enables and disables them.",
    "guide": "Opens the guide.",
    "whats_this": "Lets the next click explain what it falls on.",
    "keys": "Lists all actions with their keys, which can be changed.",
    "first_run": "Shows the sheet of the first start: a test tone, what computes, the opening view.",
    "logs": "Shows what the program wrote down about itself.",
    "about": "Tells versions and the device, and copies them for a report.",
}
PLACES = {  # panes and windows, by class; controls without a sentence of their own have that of their place
    "EditorView": "Waveform and spectrogram share one time line. The wheel zooms at the pointer, "
    "Shift+wheel scrolls, a drag selects, a click places the playhead.",
    "RestorePanel": "Choose what is to be done, set its values, and press the large button. Without a "
    "selection it works on the whole file.",
    "StatusBar": "Time, frequency and level under the pointer, the format of the file, and what computes.",
    "HistoryPanel": "Each line is a step; click on one to go back to it. Undo is immediate.",
    "TransportBar": "Plays, compares the takes, and shows how loud it is. The menus hold the takes and how "
    "they are listened to.",
    "SelectionBar": "The bounds of the selection in numbers. Type a value and press Return; an empty "
    "frequency is no bound.",
    "ToolOptions": "Size of the brush, tolerance of the wand, and how soft the edges of drawn shapes are.",
    "MarkersPanel": "Markers and regions with their names; a double click renames, a click goes there.",
    "DocumentTabs": "The open documents, one tab each.",
    "EmptyState": "Open a file, drop one here, or begin with the example.",
    "AboutDialog": "What this program is, with versions and device for a report of a fault; no names of "
    "files are in it.",
    "AbxDialog": "A blind test: hear A, B and X as often as you like, then say which of them X is. Many "
    "trials tell whether you hear a difference.",
    "BatchWindow": "Runs an effect or a preset over many files. The queue survives the end of the program, "
    "and a source is never overwritten.",
    "ChainDialog": "Effects in the order in which they run. A module without its tick is skipped, a double "
    "click sets its values.",
    "ExportDialog": "Writes the sound to a file in the format of its suffix. Replacing a file is asked "
    "about, and the source stays as it is.",
    "FirstRunDialog": "A few choices for the start. All of them are in the preferences, too.",
    "GpuDialog": "The graphics card that was asked for is missing something. The processor does the same, "
    "more slowly.",
    "HelpWindow": "The guide. Links lead to its other pages; the sheet of keys shows the keys as they are "
    "now.",
    "KeysDialog": "Choose an action, click into the field, press the new keys, and take them. Keys that "
    "another action has are named.",
    "ErrorDialog": "What failed, what that means for the sound, and a button for each thing that can be done "
    "next.",
    "LogWindow": "What the program wrote down about itself. It may hold names of files: look before you "
    "pass it on.",
    "ModelsDialog": "A card for each model. Nothing is fetched from the network: models are imported from "
    "files that you have.",
    "PluginDialog": "Effects of others. Each runs in a process of its own; a Python plugin is asked about "
    "before it runs for the first time.",
    "PreferencesDialog": "Every change is seen at once, and stays for the next start.",
    "RankingDialog": "Give each sound a mark without knowing which it is. One of them is the reference "
    "itself, and one a poor one.",
    "RecoveryDialog": "Tick what is to be opened again. What is left for later is o"
    "ffered at the next start, what is discarded is gone.",
    "RelocateDialog": "The project links these files, which are not where they were. Find them, or open it "
    "with silence in their place.",
    "SaveDialog": "A project keeps the whole history, the takes and the markers.",
    "TakesDialog": "Choose the takes that are to be heard.",
    "ValuesDialog": "The values of this effect. Double-click a name to have its value as it was.",
}
CONTROLS = {  # by place and name
    "EditorView": {
        "Overview of the whole sound": "Click, drag or use the arrows to move what the views show; "
        "Page up and down move by what is visible, Home and End go to the ends.",
        "Wipe between before and after": "The sound before the last step is to the left of it. Drag it, or "
        "move it with the arrows, with Shift finely.",
    },
    "PreferencesDialog": {
        "Theme": "Dark, light, or as the system has it.",
        "Language": "Language of menus, messages and numbers, from the next start on.",
        "Opening view": "Which views a file is opened with.",
        "Waveform scale": "Linear shows loud parts truly, dB shows quiet ones, too.",
        "Turn the page while playing": "The views follow the playhead when it leaves them.",
        "Scroll smoothly instead": "The playhead stays in the middle and the sound moves.",
        "Wheel sensitivity": "How far a turn of the wheel zooms and scrolls.",
        "Plays wherever the focus is; Return presses buttons": "Without it Space plays in the views only, "
        "and presses buttons elsewhere.",
        "Undo history, at most (GB)": "For each document; over it the oldest steps go, and it is said.",
        "Snap to zero crossings while they are dragged": "Edges go to where the wave crosses zero, so that "
        "cuts do not click.",
        "FFT size": "Samples of one spectrum: more tell tones apart, fewer tell moments apart.",
        "Window": "How a spectrum is faded in and out; it decides how far strong tones spread.",
        "Overlap (%)": "How far neighbouring spectra overlap: more is smoother and slower.",
        "Zero padding (×)": "Draws finer rows; it does not tell tones apart better.",
        "Frequency scale": "Linear gives every Hz the same height, the others give low tones more.",
        "Colours": "Which colours stand for quiet and loud.",
        "Lowest level": "What is quieter is drawn as silence.",
        "Highest level": "What is louder has the brightest colour.",
        "Brighten above 1 kHz": "Lifts high frequencies in the picture, as natural sound falls off there. "
        "The sound stays as it is.",
        "Draw the waveform over it": "The waveform is drawn over the spectrogram.",
        "Show the cutoff line": "The dashed line where the recording's band ends; it can be dragged.",
    },
    "ExportDialog": {
        "File": "Where it is written; the suffix chooses the format.",
        "Format": "The format of the file; it sets the suffix.",
        "Depth": "Bits of each sample. As the source loses nothing that the format can carry.",
        "Part": "The whole file, the selection, one region, or each region to a file of its own.",
        "Carry tags, cover and markers over": "What the source says about itself goes into the new file, as "
        "far as its format can hold it.",
    },
    "FirstRunDialog": {
        "Play a test tone": "Two quiet tones on the device that the system has chosen.",
        "Show at first": "Which views a file is opened with.",
        "Theme": "Dark, light, or as the system has it.",
    },
    "PluginDialog": {
        "Enable": "Offers the effects of the chosen plugin everywhere, or takes them away.",
        "Search the plugins": "Shows only plugins with these words.",
    },
    "ChainDialog": {
        "Name of the chain": "Its name among the presets and in the names of files.",
        "Edit…": "Sets the values of the chosen module.",
        "Preset": "Saves this chain under its name, or takes one that came along, that you saved, or from a "
        "file.",
    },
    "KeysDialog": {
        "Search": "Shows only actions whose name or key has these words.",
        "New keys": "Click here and press the keys that the action is to have.",
        "Use these keys": "They take the place of the keys that the action has.",
        "Add": "The action keeps its keys and has these as well.",
        "None": "The action has no keys then.",
        "Default": "The keys that the action came with.",
    },
    "ErrorDialog": {
        "Copy report": "Copies versions, device, model, values and where it failed; nothing is sent.",
        "with names of files": "Lets the report name your files and folders; without it they are numbered.",
        "Show log": "Shows what the program wrote down about itself.",
        "Close": "Closes this message; nothing else happens.",
    },
    "LogWindow": {
        "Search": "Shows only lines with these words.",
    },
    "HelpWindow": {
        "Search": "Looks for these words on this page; Return goes on to the next place.",
    },
    "BatchWindow": {
        "Compare A/B": "Opens the chosen file's source and result as takes A and B.",
        "Remove ended": "Takes files that are done, failed or skipped off the list; results stay where they "
        "are.",
        "Retry": "Runs the chosen files once more.",
        "What is done": "An effect, the one that the editor shows with its values, or a preset.",
        "When a name is taken": "What happens if a file of that name is there already. A source is never "
        "replaced.",
        "Target folder": "Where results go; empty is a folder of its own beside each source.",
    },
    "SaveDialog": {
        "Project file": "Where the project is written; its suffix is .asrproj.",
    },
    "ToolOptions": {
        "Brush": "Width of what the brush paints.",
        "Tolerance": "How much louder or quieter than the clicked place the wand still takes.",
        "Soft edge": "How gently a drawn shape begins and ends.",
    },
    "TransportBar": {
        "Takes": "All takes of the last result: choose two to compare, hear them in blind order, use one.",
    },
}
