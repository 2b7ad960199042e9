"""The only sockets, processes and file locks. Nothing here knows what the bytes mean."""
