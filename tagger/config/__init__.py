"""Every setting, with its type, range and default. Free of torch.

May import: tagger.runtime.
"""
