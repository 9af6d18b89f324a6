"""Pages that look into a model: its filters, the bases it used, its motifs."""
