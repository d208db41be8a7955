"""Front matter as text: YAML that a person likes to read and that gives every character back.

Written here rather than by a library, whose choice of quotes and folds may change with its version: the same
group is the same bytes. Any YAML 1.1 or 1.2 parser reads it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

FENCE = "---\n"
# A text that no parser takes for anything but itself.
_PLAIN = re.compile(r"[^\W\d_](?:[\w .,;()/'’“”‘–—+&!?=~@*%$-]|:(?=\S)|(?<=\S)#)*(?<! )")
_WORDS = {"y", "n", "yes", "no", "true", "false", "on", "off", "null", "nan", "inf"}
# What has to be escaped between quotes, besides what JSON escapes, and cannot stand in a block.
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_NOT_IN_A_BLOCK = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]|(?m:^ +$)")


class Plain(str):
    """A value that is written as it stands: a date, a number."""

    __slots__ = ()


def file_with(matter: dict[str, Any], body: str = "") -> str:
    """A whole file: the fields between two lines of dashes, an empty line, the text exactly."""
    lines = "".join(f"{line}\n" for line in _mapping(matter, ""))
    return f"{FENCE}{lines}{FENCE}" + (f"\n{body}" if body else "")


def _mapping(values: dict[str, Any], indent: str) -> Iterator[str]:
    for name, value in values.items():
        if isinstance(value, dict):
            yield f"{indent}{name}:"
            yield from _mapping(value, f"{indent}  ")
        elif isinstance(value, list):
            yield f"{indent}{name}:" if value else f"{indent}{name}: []"
            for item in value:
                yield from _item(item, indent)
        else:
            yield from _scalar(f"{indent}{name}: ", value, f"{indent}  ")


def _item(item: Any, indent: str) -> Iterator[str]:
    if not isinstance(item, dict):
        yield from _scalar(f"{indent}- ", item, f"{indent}  ")
        return
    for number, line in enumerate(_mapping(item, f"{indent}  ")):
        yield line if number else f"{indent}- {line[len(indent) + 2 :]}"


def _scalar(start: str, value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, bool):
        yield f"{start}{'true' if value else 'false'}"
    elif isinstance(value, (int, Plain)):
        yield f"{start}{value}"
    elif _fits_a_block(value):
        yield f"{start}|" if value.endswith("\n") else f"{start}|-"
        for line in value.removesuffix("\n").split("\n"):
            yield f"{indent}{line}" if line else ""
    elif _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        yield f"{start}{value}"
    else:
        yield start + quoted(value)


def _fits_a_block(value: str) -> bool:
    return (
        "\n" in value
        and value[0] not in " \n"
        and not value.endswith("\n\n")
        and not _NOT_IN_A_BLOCK.search(value)
    )


def quoted(value: str) -> str:
    """A text between double quotes, as JSON and YAML both read it."""
    text = json.dumps(value, ensure_ascii=False)
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
