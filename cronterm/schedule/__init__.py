"""When: pure time arithmetic. Nothing here asks for the time, reads a file or waits.

Rule: croniter parses and validates, in `cron` only; stepping, days and daylight saving are ours.
"""
