"""Tests for the room that tells people."""
