"""What each command does: from parsed arguments to an Answer. One file per group of commands.

Each file has `add(groups, command)`, which declares its commands; `command(where, name, run, help)` makes one with the
options that all share. Adding a group: a file here and its commands in names.COMMANDS.
"""
