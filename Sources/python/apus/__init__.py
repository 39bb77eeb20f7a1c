"""Reports on trainings of Apus: `python -m apus report RUN`."""
