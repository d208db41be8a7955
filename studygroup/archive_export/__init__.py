"""The whole group as a folder of Markdown with front matter, and back: docs/taking-it-with-you.md.

tables.py      which models and fields are in it, and why the others are not
kinds.py       how one value is written, and what may stand there when it is read
emitting.py    front matter as text
naming.py      what files and folders are called
addresses.py   links to what has a key in its address, as links to files, and back
index.py       by which word one row speaks of another
writing.py, writing_sessions.py   rows to files
placing.py     files to a folder on disk
zipping.py     files to a zip, piece by piece
sources.py     a folder or a zip to files
records.py     what each file may say
reading.py     files to values, with every problem found on the way
crossing.py    what one file says of another
loading.py, loading_sessions.py   values to rows
importing.py   all of it or nothing
"""
