"""What the ERP says was sold: sellers, orders, fiscal notes and trade bills."""
