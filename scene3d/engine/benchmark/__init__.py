"""Runs side by side on the same photos: how long, how large, how right."""
