import pytest
from django.core.exceptions import ValidationError

from streams import catalogue

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("slug", ["", "Orders", "a b", "-a", "x" * 81, "a/b", "a\n"])
def test_a_slug_that_is_no_address_is_refused(slug: str) -> None:
    with pytest.raises(ValidationError):
        catalogue.create_stream(slug)
