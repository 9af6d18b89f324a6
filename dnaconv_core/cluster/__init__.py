"""Independent pieces of work, here or on a Dask cluster.

`where` reads what a user asks for, `connect` opens a cluster and checks that its workers compute what this machine
would, `pieces` maps one function over many pieces. Dask executes code: a scheduler belongs on a trusted network.
"""
