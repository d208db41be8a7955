"""The group file: one YAML file from which a group's home is made. `docs/group-file.md` describes it.

scalars.py   what one value may be
shape.py     which fields there are, and what each holds
reading.py   bytes to YAML nodes, which know their lines
checking.py  nodes to values, with every problem found on the way
loading.py   values to rows
writing.py   how one row is found, made, changed or left alone
"""

from studygroup.group_file.loading import load
from studygroup.group_file.problems import GroupFileError, Problem

__all__ = ["GroupFileError", "Problem", "load"]
