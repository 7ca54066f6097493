"""The machine: devices, processes, threads, memory, signals, files.

May import: tagger.errors.
"""
