"""Ask: one command, one answer. Looks through the door like every face.

Rule: no textual, nothing heavy: `cronterm status` is typed by hand.
"""
