"""All other commands, one a module.

May import: cli.train_commands, cli.output, the library.
"""
