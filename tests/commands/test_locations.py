"""With which keys and in which region a command asks AWS: the option, or what else says so."""

from pathlib import Path

import pytest

from tests.support.command_line import ROOT, run
from tests.support.stack_endpoint import StackEndpoint

SELF_TEST = str(ROOT / "examples" / "self-test" / "template.yaml")
CONFIGURATION = """\
[profile dev]
region = eu-west-3
aws_access_key_id = DEV
aws_secret_access_key = secret
[profile keys]
aws_access_key_id = KEYS
aws_secret_access_key = secret
"""


@pytest.fixture
def configuration(tmp_path: Path) -> str:
    path = tmp_path / "config"
    path.write_text(CONFIGURATION)
    return str(path)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to a project whose settings have a profile and a region."""
    (tmp_path / "pyproject.toml").write_text(
        "[tool.cfn-trigger]\nprofile = 'keys'\nregion = 'sa-east-1'\n"
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def signer(*options: str, configuration: str, **variables: str) -> str:
    """Return the access key and the region of a command's requests."""
    endpoint = StackEndpoint(template={"Resources": {}}, physical_ids={})
    with endpoint.serving() as environment:
        run(
            *("plan", "-", "--deployed-stack", "shop", *options),
            stdin=Path(SELF_TEST).read_text(),
            AWS_ENDPOINT_URL=environment["AWS_ENDPOINT_URL"],
            AWS_CONFIG_FILE=configuration,
            **variables,
        )
    (key_and_region,) = endpoint.signers
    return key_and_region


KEYS = {"AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "secret"}


def test_a_profile_has_keys_and_a_region(configuration: str) -> None:
    assert signer("--profile", "dev", configuration=configuration) == "DEV/eu-west-3"
    assert signer(configuration=configuration, AWS_PROFILE="dev") == "DEV/eu-west-3"


def test_a_region_that_is_passed_wins_over_that_of_a_profile(configuration: str) -> None:
    options = ("--profile", "dev", "--region", "us-west-2")

    assert signer(*options, configuration=configuration) == "DEV/us-west-2"


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_both_variables_of_the_region_are_honored(variable: str, configuration: str) -> None:
    variables = {variable: "eu-north-1"}

    assert signer("--profile", "keys", configuration=configuration, **variables) == (
        "KEYS/eu-north-1"
    )


def test_a_profile_that_is_passed_wins_over_keys_in_the_environment(configuration: str) -> None:
    assert signer("--profile", "dev", configuration=configuration, **KEYS) == "DEV/eu-west-3"


def test_keys_in_the_environment_win_over_a_profile_in_the_environment(configuration: str) -> None:
    variables = {**KEYS, "AWS_PROFILE": "dev"}

    assert signer(configuration=configuration, **variables) == "ENV/eu-west-3"


@pytest.mark.usefixtures("project")
def test_the_settings_of_a_project_are_used(configuration: str) -> None:
    assert signer(configuration=configuration) == "KEYS/sa-east-1"


@pytest.mark.usefixtures("project")
def test_the_environment_wins_over_the_settings_of_a_project(configuration: str) -> None:
    variables = {**KEYS, "AWS_REGION": "eu-north-1"}

    assert signer(configuration=configuration, **variables) == "ENV/eu-north-1"


@pytest.mark.usefixtures("project")
def test_a_profile_in_the_environment_wins_over_one_in_the_settings(configuration: str) -> None:
    assert signer(configuration=configuration, AWS_PROFILE="dev") == "DEV/sa-east-1"
