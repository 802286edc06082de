"""The vendor's support inside a customer's tenant, which the customer is told of."""
