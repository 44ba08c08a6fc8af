"""The rules that values are checked with, and the annotated types that carry them.

A rule takes a value of the right Python type and returns what is wrong with it and how to mend it, or None.
"""
