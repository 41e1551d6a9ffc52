"""Tags, cover art, markers and broadcast data, carried from the source to the file that is written."""

import base64
import binascii
import logging
import re
import struct
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import mutagen
import soundfile
from mutagen.flac import FLAC, CueSheet, Picture
from mutagen.id3 import APIC, CHAP, COMM, ID3, TIT2, TXXX, USLT, Frames, ID3NoHeaderError
from mutagen.mp3 import MP3
from mutagen.oggopus import OggOpus
from mutagen.oggvorbis import OggVorbis

from audiosr_desktop.audio import chunks as iff
from audiosr_desktop.audio.chunks import Chunk, Marker
from audiosr_desktop.audio.file_stores import native_name
from audiosr_desktop.errors import AudioFileError

log = logging.getLogger(__name__)

_FAMILY = {
    "WAV": "riff",
    "WAVEX": "riff",
    "RF64": "riff",
    "AIFF": "aiff",
    "FLAC": "flac",
    "OGG": "ogg",
    "MP3": "mp3",
}
_ID3_NAMES = {
    "TIT2": "TITLE",
    "TPE1": "ARTIST",
    "TPE2": "ALBUMARTIST",
    "TALB": "ALBUM",
    "TDRC": "DATE",
    "TCON": "GENRE",
    "TRCK": "TRACKNUMBER",
    "TPOS": "DISCNUMBER",
    "TCOM": "COMPOSER",
    "TEXT": "LYRICIST",
    "TPE3": "CONDUCTOR",
    "TCOP": "COPYRIGHT",
    "TPUB": "ORGANIZATION",
    "TSRC": "ISRC",
    "TBPM": "BPM",
    "TIT1": "GROUPING",
    "TIT3": "SUBTITLE",
    "TLAN": "LANGUAGE",
}
_INFO_NAMES = {
    "INAM": "TITLE",
    "IART": "ARTIST",
    "IPRD": "ALBUM",
    "ICRD": "DATE",
    "IGNR": "GENRE",
    "ICMT": "COMMENT",
    "ITRK": "TRACKNUMBER",
    "ICOP": "COPYRIGHT",
    "IMUS": "COMPOSER",
    "IENG": "ENGINEER",
}
_AIFF_NAMES = {"NAME": "TITLE", "AUTH": "ARTIST", "(c) ": "COPYRIGHT", "ANNO": "COMMENT"}
_COVER = "METADATA_BLOCK_PICTURE"
_CHAPTER = re.compile(r"CHAPTER\d{3}(NAME|URL)?")
# Facts about the old coding, wrong in the new file.
_DAMAGE = (mutagen.MutagenError, struct.error, ValueError, OSError, soundfile.LibsndfileError)
_STALE = {"ENCODER", "ENCODED-BY", "ITUNSMPB", "REFERENCE_LIBMP3LAME"}
_STALE_FRAMES = ("TSSE", "TLEN", "TXXX:iTunSMPB", "COMM:iTunSMPB")


@dataclass(frozen=True, slots=True)
class Carrier:
    """A file that metadata comes from or goes to.

    Attributes:
        path: complete, with its sound.
        format: in libsndfile's words.
        subtype: the sample format.
        sample_rate: in Hz.
    """

    path: Path
    format: str
    subtype: str
    sample_rate: int

    @property
    def family(self) -> str:
        """How metadata is stored: riff, aiff, flac, ogg, mp3, or nothing that is known."""
        return _FAMILY.get(self.format, "")


@dataclass(slots=True)
class Metadata:
    """What a file holds beside its sound.

    Attributes:
        text: values by upper-case names as in Vorbis comments.
        pictures: cover art.
        markers: named points.
        native: what only the same family can keep as it is: chunks, ID3 frames, FLAC blocks.
    """

    text: dict[str, list[str]] = field(default_factory=dict)
    pictures: list[Any] = field(default_factory=list)
    markers: list[Marker] = field(default_factory=list)
    native: Any = None

    def add(self, name: str, value: str) -> None:
        """Add a value unless it is empty or there already."""
        values = self.text.setdefault(name.upper(), [])
        if value and value not in values:
            values.append(value)
        if not values:
            del self.text[name.upper()]


def read_markers(source: Carrier) -> list[Marker]:
    """Return the markers of a file; a damaged tag has none."""
    try:
        return _read(source, 1.0).markers
    except _DAMAGE as error:
        log.warning("markers of %s cannot be read: %s", source.path.name, error)
        return []


def carry_metadata(source: Carrier, target: Carrier, markers: list[Marker] | None = None) -> None:
    """Write what `source` holds beside its sound into `target`, in the way of its format.

    Within one family all is kept as it is, positions moved to the new rate; between families the common tags,
    free tags, covers, markers and the fields of bext are translated. A damaged tag is left behind with a line
    in the log: the sound matters more.

    Args:
        source: where it comes from.
        target: where it goes to.
        markers: written in place of the source's, if given.

    Raises:
        AudioFileError: the target cannot be written.
    """
    try:
        metadata = _read(source, target.sample_rate / source.sample_rate)
    except _DAMAGE as error:
        log.warning("tags of %s are left behind: %s", source.path.name, error)
        if markers is None:
            return
        metadata = Metadata()
    if markers is not None:
        metadata.markers = markers
        metadata.text = {name: text for name, text in metadata.text.items() if not _CHAPTER.fullmatch(name)}
    try:
        _write(metadata, source, target, with_markers=markers is not None)
    except mutagen.MutagenError as error:
        raise AudioFileError(f"The tags cannot be written: {error}.", target.path) from error


def _read(source: Carrier, ratio: float) -> Metadata:
    metadata = Metadata()
    if source.family in ("riff", "aiff"):
        _read_iff(metadata, source, ratio)
    elif source.family == "mp3":
        tags = _load_id3(source.path)
        if tags is not None:
            _read_id3(metadata, tags)
            metadata.native = _load_id3(source.path, translate=False)
    elif source.family == "flac":
        file = FLAC(source.path)
        _read_comments(metadata, file.tags)
        metadata.pictures += file.pictures
        metadata.native = file
    elif source.family == "ogg":
        _read_comments(metadata, _open_ogg(source).tags)
    else:
        with soundfile.SoundFile(native_name(source.path)) as sound_file:
            for name, value in sound_file.copy_metadata().items():
                if name != "software":
                    metadata.add(name, value)
    for name in _STALE & metadata.text.keys():
        del metadata.text[name]
    return metadata


def _write(metadata: Metadata, source: Carrier, target: Carrier, *, with_markers: bool) -> None:
    kept = metadata.native if source.family == target.family else None
    if target.family in ("riff", "aiff"):
        if kept is not None:
            ratio = target.sample_rate / source.sample_rate
            parts = [iff.at_rate(chunk, ratio, target.sample_rate) for chunk in kept]
            if with_markers:
                made = iff.riff_markers if target.family == "riff" else iff.aiff_markers
                others = [chunk for chunk in parts if not iff.holds_markers(chunk)]
                parts = others + made(metadata.markers, target.sample_rate)
        else:
            parts = _iff_chunks(metadata, target)
        if parts:
            iff.append_chunks(target.path, parts)
    elif target.family == "mp3":
        if kept is not None and with_markers:
            kept.delall("CTOC")
            kept.setall("CHAP", _chapters(metadata.markers))
        _write_id3(metadata, kept, target.path)
    elif target.family == "flac":
        _write_flac(metadata, kept, target, source)
    elif target.family == "ogg":
        file = _open_ogg(target)
        _fill_comments(file.tags, metadata)
        for picture in metadata.pictures:
            file.tags.append((_COVER, base64.b64encode(picture.write()).decode("ascii")))
        file.save()


def _read_iff(metadata: Metadata, source: Carrier, ratio: float) -> None:
    chunks = iff.read_chunks(source.path)
    metadata.native = chunks
    for chunk in chunks:
        if chunk.name in (b"id3 ", b"ID3 "):
            _read_id3(metadata, ID3(BytesIO(chunk.data)))
    names = _AIFF_NAMES if source.family == "aiff" else _INFO_NAMES
    for entry, value in iff.read_info(chunks).items():
        if entry in names and names[entry] not in metadata.text:  # ID3 has no limit of length and goes first
            metadata.add(names[entry], value)
    for name, value in iff.read_bext(chunks, ratio).items():
        metadata.add(name, value)
    metadata.markers = iff.read_markers(chunks, source.sample_rate) or metadata.markers


def _iff_chunks(metadata: Metadata, target: Carrier) -> list[Chunk]:
    chunks: list[Chunk] = []
    tags = _make_id3(metadata, with_chapters=False)
    if target.family == "riff":
        first = {name: values[0] for name, values in metadata.text.items()}
        info = {entry: first[name] for entry, name in _INFO_NAMES.items() if name in first}
        chunks += (
            iff.bext(first) + iff.riff_info(info) + iff.riff_markers(metadata.markers, target.sample_rate)
        )
    else:
        chunks += iff.aiff_markers(metadata.markers, target.sample_rate)
    if len(tags):
        buffer = BytesIO()
        tags.save(buffer, v2_version=3, v23_sep=None, padding=lambda _: 0)
        chunks.append(Chunk(b"id3 " if target.family == "riff" else b"ID3 ", buffer.getvalue()))
    return chunks


def _load_id3(path: Path, *, translate: bool = True) -> Any:
    try:
        return ID3(path, translate=translate)
    except ID3NoHeaderError:
        return None


def _read_id3(metadata: Metadata, tags: Any) -> None:
    for frame in tags.values():
        name = _ID3_NAMES.get(frame.FrameID)
        if name is not None:
            for value in frame.genres if frame.FrameID == "TCON" else frame.text:
                metadata.add(name, str(value))
        elif frame.FrameID == "TXXX":
            for value in frame.text:
                metadata.add(frame.desc, str(value))
        elif frame.FrameID == "COMM" and frame.desc != "iTunSMPB":
            metadata.add("COMMENT", "\n".join(frame.text))
        elif frame.FrameID == "USLT":
            metadata.add("LYRICS", frame.text)
        elif frame.FrameID == "APIC":
            metadata.pictures.append(_picture(frame))
        elif frame.FrameID == "CHAP":
            titles = [str(sub) for sub in frame.sub_frames.values() if sub.FrameID == "TIT2"]
            length_s = max(0, frame.end_time - frame.start_time) / 1000
            metadata.markers.append(Marker(frame.start_time / 1000, titles[0] if titles else "", length_s))
    metadata.markers.sort(key=lambda marker: marker.time_s)


def _picture(frame: Any) -> Any:
    picture = Picture()
    picture.type, picture.mime, picture.desc, picture.data = frame.type, frame.mime, frame.desc, frame.data
    return picture


def _make_id3(metadata: Metadata, *, with_chapters: bool) -> Any:
    tags = ID3()
    frames = {name: frame for frame, name in _ID3_NAMES.items()}
    for name, values in metadata.text.items():
        if name in frames:
            tags.add(Frames[frames[name]](encoding=1, text=values))
        elif name == "COMMENT":
            tags.add(COMM(encoding=1, lang="eng", desc="", text=values))
        elif name == "LYRICS":
            tags.add(USLT(encoding=1, lang="eng", desc="", text="\n".join(values)))
        elif not _CHAPTER.fullmatch(name):  # those are in the markers
            tags.add(TXXX(encoding=1, desc=name, text=values))
    for number, picture in enumerate(metadata.pictures):
        description = picture.desc or " " * number  # ID3 tells pictures apart by their description
        tags.add(APIC(encoding=1, mime=picture.mime, type=picture.type, desc=description, data=picture.data))
    for chapter in _chapters(metadata.markers) if with_chapters else []:
        tags.add(chapter)
    tags.update_to_v23()
    return tags


def _chapters(markers: list[Marker]) -> list[Any]:
    chapters = []
    for number, marker in enumerate(markers):
        start, stop = (round(1000 * time_s) for time_s in (marker.time_s, marker.time_s + marker.length_s))
        title = [TIT2(encoding=1, text=[marker.name])] if marker.name else []
        chapters.append(CHAP(element_id=f"chp{number}", start_time=start, end_time=stop, sub_frames=title))
    return chapters


def _write_id3(metadata: Metadata, kept: Any, path: Path) -> None:
    file = MP3(path)
    if kept is not None:
        for frame in _STALE_FRAMES:
            kept.delall(frame)
        version = 4 if kept.version[1] == 4 else 3
        if kept.version[1] == 2:  # frames of the oldest version have no place in a newer tag as they are
            kept = _make_id3(metadata, with_chapters=True)
        kept.save(path, v2_version=version, v23_sep=None)
        return
    tags = _make_id3(metadata, with_chapters=True)
    if len(tags):
        file.tags = tags
        file.save(v2_version=3, v23_sep=None)


def _write_flac(metadata: Metadata, kept: Any, target: Carrier, source: Carrier) -> None:
    file = FLAC(target.path)
    if file.tags is None:
        file.add_tags()
    _fill_comments(file.tags, metadata)
    for picture in metadata.pictures:
        file.add_picture(picture)
    if kept is not None:
        ratio = target.sample_rate / source.sample_rate
        file.metadata_blocks += [block for block in kept.metadata_blocks if block.code == 2]  # APPLICATION
        if kept.cuesheet is not None:
            file.metadata_blocks.append(_scaled_cuesheet(kept.cuesheet, ratio))
    file.save()


def _scaled_cuesheet(sheet: Any, ratio: float) -> Any:
    scaled = CueSheet(sheet.write())
    for track in scaled.tracks:
        track.start_offset = round(track.start_offset * ratio)
        track.indexes[:] = [
            type(index)(index.index_number, round(index.index_offset * ratio)) for index in track.indexes
        ]
    return scaled


def _open_ogg(carrier: Carrier) -> Any:
    return OggOpus(carrier.path) if carrier.subtype == "OPUS" else OggVorbis(carrier.path)


def _read_comments(metadata: Metadata, tags: Any) -> None:
    for name, value in tags or []:
        if name.upper() == _COVER:
            try:
                metadata.pictures.append(Picture(base64.b64decode(value)))
            except (binascii.Error, mutagen.MutagenError) as error:
                log.warning("a damaged cover is left behind: %s", error)
        else:
            metadata.add(name, value)
    for name, values in metadata.text.items():
        parts = re.fullmatch(r"(\d+):(\d+):(\d+(?:\.\d+)?)", values[0])
        if re.fullmatch(r"CHAPTER\d{3}", name) and parts is not None:
            hours, minutes, seconds = (float(part) for part in parts.groups())
            label = metadata.text.get(f"{name}NAME", [""])[0]
            metadata.markers.append(Marker(3600 * hours + 60 * minutes + seconds, label))


def _fill_comments(tags: Any, metadata: Metadata) -> None:
    """Put text and markers into Vorbis comments; markers as chapters, which players show."""
    tags.clear()
    for name, values in metadata.text.items():
        tags.extend((name, value) for value in values)
    if any(_CHAPTER.fullmatch(name) for name in metadata.text):
        return
    for number, marker in enumerate(metadata.markers, 1):
        minutes, seconds = divmod(marker.time_s, 60)
        time = f"{int(minutes) // 60:02}:{int(minutes) % 60:02}:{seconds:06.3f}"
        tags.append((f"CHAPTER{number:03}", time))
        tags.append((f"CHAPTER{number:03}NAME", marker.name))
