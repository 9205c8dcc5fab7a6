"""The catalogue on loopback, always of the rules as they are, with a page to try one."""
