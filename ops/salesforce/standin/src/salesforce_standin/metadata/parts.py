"""Parts: every object, field, tab and so on, from a project on disk or from the zip of a deployment."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

from salesforce_standin.metadata.xml import MetadataError, all_of, kind_of, parse, value

_INLINE = {"fields": "CustomField", "listViews": "ListView"}  # inside an object's file in a deployment
_LARGEST = 50_000_000  # bytes unpacked
_MOST_FILES = 5_000


@dataclass(frozen=True, slots=True)
class Part:
    """One component; `name` is its full name (LearnUponEnrollment__c.Score__c), `file` where it is."""

    kind: str
    name: str
    file: str
    element: Element

    @property
    def parent(self) -> str:
        """The object of a field."""
        return self.name.partition(".")[0]


def of_project(folder: Path) -> list[Part]:
    """All -meta.xml files below."""
    paths = sorted(folder.rglob("*-meta.xml"))
    if not paths:
        raise MetadataError(f"{folder}: no metadata here")
    parts = [_of_file(path, path.relative_to(folder).as_posix()) for path in paths]
    return sorted(parts, key=lambda part: part.kind != "CustomObject")


def _of_file(path: Path, shown: str) -> Part:
    element = parse(path.read_bytes(), shown)
    stem = path.name.removesuffix("-meta.xml").rpartition(".")[0]
    inside = path.parent.name in {"fields", "listViews"}
    return Part(kind_of(element), f"{path.parent.parent.name}.{stem}" if inside else stem, shown, element)


def of_zip(packed: bytes) -> list[Part]:
    """All components of a deployment; raises MetadataError when it is none."""
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) > _MOST_FILES or sum(entry.file_size for entry in entries) > _LARGEST:
                raise MetadataError("the zip is too large")
            files = {entry.filename: archive.read(entry) for entry in entries}
    except zipfile.BadZipFile as error:
        raise MetadataError("the upload is no zip") from error
    manifest = next((name for name in files if name.rpartition("/")[2] == "package.xml"), None)
    if manifest is None:
        raise MetadataError("No package.xml found")
    root = manifest.removesuffix("package.xml")
    named = {
        name.removeprefix(root): text for name, text in files.items() if name.startswith(root) and name != manifest
    }
    parts = [part for name, text in sorted(named.items()) for part in _of_entry(name, text)]
    return sorted(parts, key=lambda part: part.kind != "CustomObject")


def _of_entry(name: str, text: bytes) -> Iterator[Part]:
    element = parse(text, name)
    stem = name.rpartition("/")[2].rpartition(".")[0]
    yield Part(kind_of(element), stem, name, element)
    if kind_of(element) == "CustomObject":
        for tag, kind in _INLINE.items():
            for inner in all_of(element, tag):
                yield Part(kind, f"{stem}.{value(inner, 'fullName')}", name, inner)
