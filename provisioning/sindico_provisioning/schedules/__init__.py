"""When the loads of an integration run by themselves."""
