"""See: the screen. It folds what the door tells and asks for what a key means.

Rule: it never edits its own picture of the engine; it sends a command and waits for the fact.
Text from outside is made safe (`cronterm.sanitize`) before it becomes a segment.
"""
