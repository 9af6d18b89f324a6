"""The dashboard's own widgets: each is a small script in `js/` and a function here that hands it data."""
