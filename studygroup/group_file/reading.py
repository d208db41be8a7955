"""From a file's bytes to YAML nodes, refusing early what no honest group file holds."""

from __future__ import annotations

import yaml

from studygroup.group_file.problems import GroupFileError, Problem

LARGEST = 1_000_000  # bytes: fifty times the demonstration's archive of seventeen sessions
DEEPEST = 12  # nested lists and records; the format itself needs seven

HINT = 'put quotes around a text that holds ": " or " #" or begins with one of * & @ ! % [ { or a quote'


class _Composer(yaml.SafeLoader):
    """Composes nodes without making Python objects of them; no aliases, no bottomless nesting."""

    depth = 0
    deepest = DEEPEST

    def compose_node(self, parent, index):
        """As the base class, after a look at what comes."""
        mark = self.peek_event().start_mark
        if self.check_event(yaml.AliasEvent):
            raise _fault(mark, f"a group file repeats no part of itself by an alias (*name); {HINT}")
        if self.depth >= self.deepest:
            raise _fault(mark, "lists and records are nested too deeply here")
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


class _DeepComposer(_Composer):
    """For the fields of an archive, where readings have parts that have parts."""

    deepest = 100


def _fault(mark: yaml.Mark, what: str) -> GroupFileError:
    return GroupFileError([Problem(mark.line + 1, "", what)])


def compose(data: bytes) -> yaml.Node:
    """The root node of a group file, every node with its line.

    Raises GroupFileError for what is too large, not UTF-8, not YAML, or empty.
    """
    if len(data) > LARGEST:
        raise GroupFileError([Problem(1, "", f"the file is larger than {LARGEST // 1000} kB")])
    return compose_text(decoded(data))


def decoded(data: bytes) -> str:
    """The text of a file. Raises GroupFileError when it is not UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = data.count(b"\n", 0, fault.start) + 1
        raise GroupFileError(
            [Problem(line, "", "the file is not UTF-8 from here on; save it as UTF-8")]
        ) from None


def compose_text(text: str, *, deep: bool = False) -> yaml.Node:
    """As `compose`, from the text. deep: of an archive, where lists may be nested more deeply."""
    try:
        root = (_DeepComposer if deep else _Composer)(text).get_single_node()
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        raise _fault(mark, f"this is not valid YAML ({fault.problem or fault.context}); {HINT}") from None
    except yaml.reader.ReaderError as fault:
        line = text.count("\n", 0, fault.position) + 1
        raise GroupFileError(
            [Problem(line, "", f"the character U+{ord(text[fault.position]):04X} cannot stand in a text")]
        ) from None
    except (ValueError, OverflowError):  # PyYAML on escapes such as "\UFFFFFFFF" and on huge numbers
        raise GroupFileError([Problem(1, "", "an escape or a number in the file means nothing")]) from None
    if root is None:
        raise GroupFileError([Problem(1, "", "the file is empty; begin with “group:” and its fields")])
    return root
