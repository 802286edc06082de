"""What can go wrong with categories and portfolios."""

from sindico_platform.errors import SindicoError


class CategoryNotFound(SindicoError):
    """No such category, or it is another tenant's."""

    code, status, title = "category-not-found", 404, "There is no such category"
    detail = "No category has the id {category_id}."


class PortfolioNotFound(SindicoError):
    """No such portfolio, or it is another tenant's."""

    code, status, title = "portfolio-not-found", 404, "There is no such portfolio"
    detail = "No portfolio has the id {portfolio_id}."


class NameTaken(SindicoError):
    """Names are unique, whatever their accents and case."""

    code, status, title = "name-taken", 409, "There is one of this name already"
    detail = "Choose another name, or use the one there is."
