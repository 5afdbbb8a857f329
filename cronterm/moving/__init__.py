"""Move: what other schedulers say, in the words of jobs.yaml, and back.

Rule: every line of a source becomes a job, is known for what it is, or is told with its reason.
"""
