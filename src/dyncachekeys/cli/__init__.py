"""The command line: parser, commands, and the only module that prints."""
