"""Your own data: from files to an experiment, and what is done to experiments afterwards."""
