"""What an experiment does, one module a stage: each reads files and writes files."""
