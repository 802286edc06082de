"""Spreadsheets read and written: .xlsx and .csv, text cells in and out, whatever is in the file.

A file that somebody uploads is read in a child process with little memory and time of its own, so
that none of them can harm the process that serves everybody.
"""
