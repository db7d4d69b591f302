"""The table of secret attributes, which is generated from the schemas."""

from cfn_trigger.lint.secret_attributes import TARGET, module


def test_the_table_of_secret_attributes_is_what_the_schemas_say() -> None:
    remedy = "run `python -m cfn_trigger.lint.secret_attributes` to renew it"

    assert module() == TARGET.read_text(encoding="utf-8"), remedy
