"""Who speaks to a server from Python."""
