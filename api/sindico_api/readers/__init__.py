"""Facts and sentences as the people who read them write; for the API and the console alike."""
