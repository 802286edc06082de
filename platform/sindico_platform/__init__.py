"""Ground floor: what any multi-tenant service needs. It knows no CRM word."""
