"""What an operator sets, and what is said when it is missing or wrong."""

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError
from pydantic_settings import SettingsConfigDict

from chassis.errors import SettingsError
from chassis.settings import Settings


class ShopSettings(Settings):
    """A service's settings with one of its own."""

    model_config = SettingsConfigDict(env_prefix="SHOP_")

    carrier_key: SecretStr


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in {
        "ORDERMILL_KAFKA": "broker:9092",
        "ORDERMILL_DATABASE_URL": "postgresql://admin:root@db:5432/shop?sslmode=require",
        "SHOP_DATABASE_PASSWORD": "p@ss/word",
        "SHOP_CARRIER_KEY": "abc",
    }.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_the_shared_database_is_entered_in_the_own_role(environment: pytest.MonkeyPatch) -> None:
    settings = ShopSettings()

    assert settings.service == "shop"
    assert settings.database_url.get_secret_value() == "postgresql://shop:p%40ss%2Fword@db:5432/shop?sslmode=require"


def test_an_own_database_address_is_taken_as_it_is(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SHOP_DATABASE_URL", "postgresql://me@elsewhere/shop")

    assert ShopSettings().database_url.get_secret_value() == "postgresql://me@elsewhere/shop"


def test_a_secret_may_come_from_a_file(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-a-file\n")
    environment.delenv("SHOP_CARRIER_KEY")
    environment.setenv("SHOP_CARRIER_KEY_FILE", str(tmp_path / "key"))

    assert ShopSettings().carrier_key.get_secret_value() == "from-a-file"


def test_what_all_services_share_may_come_from_a_file_too(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://db/orders\n")
    environment.delenv("ORDERMILL_DATABASE_URL")
    environment.setenv("ORDERMILL_DATABASE_URL_FILE", str(tmp_path / "url"))

    assert ShopSettings().database_url.get_secret_value() == "postgresql://shop:p%40ss%2Fword@db/orders"


def test_other_programs_file_variables_are_left_alone(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SSL_CERT_FILE", "/nowhere/at/all")

    assert ShopSettings().lanes == 12


def test_a_secret_file_that_is_missing_is_named(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SHOP_CARRIER_KEY_FILE", "/nowhere/at/all")

    with pytest.raises(SettingsError, match="SHOP_CARRIER_KEY_FILE: cannot read /nowhere/at/all"):
        ShopSettings()


def test_every_missing_variable_is_named_at_once(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("ORDERMILL_KAFKA")
    environment.delenv("SHOP_CARRIER_KEY")

    with pytest.raises(SettingsError) as caught:
        ShopSettings()

    assert "ORDERMILL_KAFKA (Kafka's bootstrap servers: host:port,host:port): Field required" in str(caught.value)
    assert "SHOP_CARRIER_KEY (carrier_key): Field required" in str(caught.value)


def test_a_service_without_any_database_does_not_start(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("ORDERMILL_DATABASE_URL")

    with pytest.raises(SettingsError, match="SHOP_DATABASE_URL or ORDERMILL_DATABASE_URL is missing"):
        ShopSettings()


def test_a_wrong_value_is_refused_without_being_repeated(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SHOP_BATCH_SIZE", "secret-by-mistake")

    with pytest.raises(SettingsError) as caught:
        ShopSettings()

    assert "SHOP_BATCH_SIZE" in str(caught.value)
    assert "secret-by-mistake" not in str(caught.value)


LIMITS = [
    ("LANES", "1", "0"), ("BATCH_SIZE", "1", "0"), ("BATCH_SIZE", "5000", "5001"), ("POOL_SIZE_MAX", "2", "1"),
    ("SESSION_TIMEOUT_S", "6", "5.9"), ("BATCH_TIMEOUT_S", "0.1", "0"), ("START_PATIENCE_S", "0", "-1"),
    ("SHUTDOWN_GRACE_S", "0.1", "0"), ("HEALTH_PORT", "0", "-1"), ("HEALTH_PORT", "65535", "65536"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "last_good", "first_bad"), LIMITS)
def test_a_number_beyond_what_can_work_is_refused(
    environment: pytest.MonkeyPatch, name: str, last_good: str, first_bad: str
) -> None:
    environment.setenv(f"SHOP_{name}", last_good)
    assert getattr(ShopSettings(), name.lower()) == float(last_good)

    environment.setenv(f"SHOP_{name}", first_bad)
    with pytest.raises(SettingsError, match=f"SHOP_{name}"):
        ShopSettings()


def test_an_address_may_be_short_but_must_be_one(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ORDERMILL_KAFKA", "k")
    assert ShopSettings().kafka == "k"

    environment.setenv("ORDERMILL_KAFKA", "")

    with pytest.raises(SettingsError, match="ORDERMILL_KAFKA"):
        ShopSettings()


def test_what_was_read_at_start_stays(environment: pytest.MonkeyPatch) -> None:
    settings = ShopSettings()

    with pytest.raises(ValidationError, match="frozen"):
        settings.lanes = 24  # type: ignore[misc]


def test_secrets_do_not_show_in_a_printed_setting(environment: pytest.MonkeyPatch) -> None:
    settings = ShopSettings()

    assert "ss%2Fword" not in repr(settings)
    assert "p@ss" not in str(settings)
    assert "root" not in repr(settings)


def test_every_setting_says_what_it_is_for() -> None:
    assert all(field.description for field in Settings.model_fields.values())
