"""Changing levels, and recording and replaying their movements."""
