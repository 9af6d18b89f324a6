"""What surrounds every page: the address, the selected model, errors, what is kept between reruns, background work."""
