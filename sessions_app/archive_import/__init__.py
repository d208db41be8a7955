"""Notes brought along from elsewhere: a folder of Markdown files made into sessions. docs/importing-notes.md.

dates.py          the day that a text names, in whichever form, and when it can be read in two ways
numbers.py        the number of a session: in figures, Roman, in words
outline.py        Markdown into headings, lists, items and links, each with its lines
front_matter.py   the fields between two lines of dashes at the top of a file
links.py          what of a line's links can be kept, and its words without them
reading_kinds.py  what sort of thing a reading is, which part of it, and whether it is optional
prep.py           a section's lists into readings
talks.py          who presented what, with which slides
recognise.py      one file into what it says
survey.py         all files of a folder: which are sessions, dates that the others settle, numbers
folder.py         a folder on disk or a zip into texts
comparing.py      what the files say against what stands here
loading.py        the difference written, all of it or nothing
uploads.py        an uploaded zip between its upload and its import
"""
