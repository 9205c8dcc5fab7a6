"""Whether what is committed equals what the rules give now, and why it doesn't."""
