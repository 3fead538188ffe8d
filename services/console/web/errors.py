"""Why a page is not shown, told to a person: what happened and what to do about it."""

from http import HTTPStatus


class PageError(Exception):
    """A page cannot be shown or an act not be done; the sentences are for the person who asked."""

    def __init__(self, status: HTTPStatus, what: str, advice: str) -> None:
        super().__init__(what)
        self.status, self.what, self.advice = status, what, advice


def absent(what: str, advice: str = "Look for it with the search above: it may have another name.") -> PageError:
    """Say that there is no such thing."""
    return PageError(HTTPStatus.NOT_FOUND, what, advice)


def forbidden(role: str) -> PageError:
    """Say that another role is needed."""
    what = f"This is for the role {role}."
    return PageError(HTTPStatus.FORBIDDEN, what, "An admin can give your account another role on the page Accounts.")


def stale_form() -> PageError:
    """Say that a form did not come from a page of this session."""
    what = "This form is not of your present session."
    return PageError(HTTPStatus.FORBIDDEN, what, "Go back, load the page again, and send the form once more.")
