"""Pages that teach a network: questions and their data, training, its runs, and why it is built this way."""
