"""Tells people: one message to one notifier, blocking, on a thread that may hang.

Nothing here retries or remembers; every failure is `NotSent`, and it never shows what is private.
"""
