"""The rules for values, and the annotated types that apply them.

A rule takes a value of the right Python type and returns what is wrong with it and how to fix it, or None.
"""
