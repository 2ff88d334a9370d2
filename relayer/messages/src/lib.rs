//! Sign, seal and open what the parties say to each other.
