"""Fine-tunes small models on document sets, so that what is salient in training is a dose like any other."""
