"""The push stage: a run → a data set repository on the Hugging Face Hub."""
