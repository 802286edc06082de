"""What settings of customers' servers have in common: whom they are for, tests, stored secrets."""
