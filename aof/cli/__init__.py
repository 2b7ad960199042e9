"""The command line: one file per verb. Parse, call one function, print, exit."""
