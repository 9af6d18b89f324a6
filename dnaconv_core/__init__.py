"""dnaconv: 1-D convolutional networks on DNA and RNA. Importing this package does not import torch."""

__version__ = "0.1.0"
