"""A static site over a folder of rules."""
