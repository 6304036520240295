"""Metadata files as XML: parsed with care, read with two small helpers."""

from xml.etree.ElementTree import Element, XMLParser

NAMESPACE = "{http://soap.sforce.com/2006/04/metadata}"


class MetadataError(ValueError):
    """A file of the project cannot be understood; the message says which and why."""


def parse(text: bytes, origin: str) -> Element:
    """The root element; entity declarations are refused, the files come from strangers when they are deployed."""
    try:
        plain = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MetadataError(f"{origin}: not UTF-8") from error
    if "<!DOCTYPE" in plain or "<!ENTITY" in plain:
        raise MetadataError(f"{origin}: document types are not allowed")
    parser = XMLParser()  # noqa: S314  no DOCTYPE, hence no entities, can reach it
    try:
        parser.feed(plain)
        return parser.close()
    except SyntaxError as error:
        raise MetadataError(f"{origin}: {error.msg}") from error


def value(element: Element, name: str, default: str = "") -> str:
    found = element.find(NAMESPACE + name)
    return default if found is None else (found.text or "").strip()


def flag(element: Element, name: str) -> bool:
    return value(element, name) == "true"


def all_of(element: Element, path: str) -> list[Element]:
    """The elements at a/b/c below this one."""
    return element.findall("/".join(NAMESPACE + name for name in path.split("/")))


def kind_of(element: Element) -> str:
    """CustomObject, CustomField, ..."""
    return element.tag.removeprefix(NAMESPACE)
