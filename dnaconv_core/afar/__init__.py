"""Runs on a Dask cluster, each the same process as here, with its record kept at home while it trains.

At home a process leads (`lead`): it holds the lock of each run that it has sent out (`trip`), so that the store knows
the run lives. On a worker a task (`host`) waits for what the run needs, starts the usual process of a run (`guest`)
in a home folder of its own, and answers when the leader asks how it stands. A task that Dask gives to another worker
asks anew and is given the newest checkpoint that has come home. `goods` are the data, by content.
"""
