"""How much of the intermediate database an integration takes, measured after every load."""
