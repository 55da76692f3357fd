"""Strict loading of hand-written YAML: size limits, no duplicate keys, no aliases, one-sentence errors."""

import os
import stat
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

MOST_BYTES = 1024 * 1024
MOST_NESTED = 30
_SHOWN_CHARACTERS = 200


class UnreadableYaml(Exception):
    """The file cannot be used; the message states the fault in one clause."""


class StrictLoader(yaml.SafeLoader):
    """A safe loader that rejects duplicate keys, aliases and deep nesting."""

    nested = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise UnreadableYaml(f"line {self._line()} has an alias, which is not allowed here")
        self.nested += 1
        if self.nested > MOST_NESTED:
            raise UnreadableYaml(f"line {self._line()} is nested too deeply")
        node = super().compose_node(parent, index)
        self.nested -= 1
        return node

    def _line(self) -> int:
        peek: Any = self.peek_event
        return int(peek().start_mark.line) + 1

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 — yaml's signature
        if not isinstance(node, yaml.MappingNode):
            raise UnreadableYaml(f"line {node.start_mark.line + 1} is no YAML")
        keys: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise UnreadableYaml(f"line {key.start_mark.line + 1} has a key that is no plain word")
            if key.tag == "tag:yaml.org,2002:merge":
                raise UnreadableYaml(
                    f"line {key.start_mark.line + 1} has a merge key, which is not allowed here"
                )
            if (key.tag, key.value) in keys:
                raise UnreadableYaml(
                    f"line {key.start_mark.line + 1} has the key '{_short(key.value)}' a second time"
                )
            keys.add((key.tag, key.value))
        mapping = super().construct_mapping(node, deep=deep)
        if len(mapping) != len(node.value):  # such as 1 and 0x1, or yes and true
            raise UnreadableYaml(
                f"line {node.start_mark.line + 1} begins a mapping with two keys of the same value"
            )
        return mapping


def read_text(path: Path) -> str:
    """Text of a regular file.

    Raises:
        UnreadableYaml: It is missing, no regular file, too large, or no UTF-8.
    """
    try:
        return read_content(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableYaml(f"byte {error.start + 1} is no UTF-8") from None


def read_content(path: Path) -> bytes:
    """Bytes of a regular file.

    Raises:
        UnreadableYaml: It is missing, no regular file, or too large.
    """
    try:
        # Without O_NONBLOCK the opening of a named pipe would wait for somebody to write to it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise UnreadableYaml(f"it cannot be read ({getattr(error, 'strerror', None) or error})") from None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UnreadableYaml("it cannot be read (not a regular file)")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UnreadableYaml(f"it cannot be read ({error.strerror})") from None
    finally:
        os.close(descriptor)
    if len(content) > MOST_BYTES:
        raise UnreadableYaml(f"it is larger than {MOST_BYTES // 1024} KB")
    return content


def parse(text: str, loader: type[StrictLoader] = StrictLoader) -> Any:
    """Parsed content of the text.

    Raises:
        UnreadableYaml: It is no YAML, or not as strict as asked here.
    """
    try:
        return yaml.load(text, loader)  # noqa: S506 — a subclass of the safe loader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise UnreadableYaml(f"line {mark.line + 1} is no YAML" if mark else "it is no YAML") from None
    except (ValueError, OverflowError, RecursionError) as error:  # a date or a number that cannot be
        raise UnreadableYaml(f"it has a value that cannot be read ({_short(str(error))})") from None


def first_fault(error: ValidationError) -> str:
    """First validation error of a model, as one clause: where it is and what is wrong."""
    fault = error.errors(include_url=False, include_input=False)[0]
    where = _short(".".join(map(str, fault["loc"]))) or "the whole"
    return f"{where}: {_short(fault['msg'].removeprefix('Value error, '))}"


def _short(text: str) -> str:
    """Shortened to one line: keys and values are whatever was typed."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= _SHOWN_CHARACTERS else line[:_SHOWN_CHARACTERS] + "…"
