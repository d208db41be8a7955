"""Applicants from a CSV file: read, matched to our fields, checked, and put on the list (docs/importing.md).

`reading` makes a table of bytes, `columns` says which column fills which field, `dates` reads when somebody
applied, `checking` judges every row, `oddities` notices what an organiser may want to look at, `loading`
compares with who is there already and writes, `uploads` keeps a file between its upload and its import.
"""
