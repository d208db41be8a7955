"""What the group's records come to over a time: one module for each family of figures.

A figure is one question in SQL bounded by days of the group's clock, a table of its answer, a drawing of that
table, a file of it, and for each number the rows that it counts. `catalogue.REPORTS` lists them all.
"""
