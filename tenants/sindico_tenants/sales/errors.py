"""What can go wrong with sellers."""

from sindico_platform.errors import SindicoError


class SellerNotFound(SindicoError):
    """No such seller, or it is another tenant's."""

    code, status, title = "seller-not-found", 404, "There is no such salesperson"
    detail = "No salesperson has the id {seller_id}."
