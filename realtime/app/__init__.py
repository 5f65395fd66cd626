"""What `cam` and `replay` are made of: flags, rooms put together, sinks, words and the window."""
