"""Widgets on the line API: strips that are cheap to paint, one role a piece of text."""
