"""The user's configuration file: found, read, checked, and given to the commands as defaults."""
