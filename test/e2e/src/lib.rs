//! The real binaries, one file per story.
