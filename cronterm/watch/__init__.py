"""Sense: files that change, and the machine's load. Tells, decides nothing."""
