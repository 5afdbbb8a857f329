"""Numbered, forward-only steps of the schema: NNNN_subject.sql brings version NNNN - 1 to NNNN."""
