"""REMEMBER: history, claims and what the core needs after a restart, in one SQLite file.

Rule: one connection writes and checkpoints, whoever else looks opens the file read-only and holds
nothing between two questions. What was not committed did not happen.
"""
