"""What `import dnaconv_core as dc` offers: the package's functions, for whatever you have at hand.

Models are given as a run's id, a bundle's folder, a pretrained model's name or a `Model`; sequences as text, a list, an
array, a data frame, a file or a Dataset. They return arrays, or tables with `to_frame()` that a notebook draws.
"""
