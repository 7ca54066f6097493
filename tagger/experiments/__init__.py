"""Experiments for lectures: cells compared, the copy task.

May import: everything in the library.
"""
