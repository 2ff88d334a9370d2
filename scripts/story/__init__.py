"""The parts of scripts/story.py."""
