"""One run of a load's job: taking it up, planning it, ending it, waiting after a failure."""
