"""The front door: click commands that parse, call and print."""
