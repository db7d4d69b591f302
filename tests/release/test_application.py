"""The application for the serverless application repository."""

import pytest

from release.application import application, missing_metadata
from release.source import ROOT, Release

TEMPLATE = (ROOT / "template.yaml").read_text()
AT_HOME = Release(name="cfn-trigger", version="1.2.3", repository="https://forge.example/a/b")
HOMELESS = Release(name="cfn-trigger", version="1.2.3", repository="")


def test_the_template_lacks_only_the_version() -> None:
    assert missing_metadata(TEMPLATE) == ["the metadata has no SemanticVersion"]
    assert missing_metadata(application(TEMPLATE, HOMELESS)) == []


def test_the_version_and_the_addresses_come_from_the_release() -> None:
    added = set(application(TEMPLATE, AT_HOME).splitlines()) - set(TEMPLATE.splitlines())

    assert added == {
        "    SemanticVersion: 1.2.3",
        "    HomePageUrl: https://forge.example/a/b",
        "    SourceCodeUrl: https://forge.example/a/b/tree/v1.2.3",
    }


def test_a_template_without_the_metadata_is_refused() -> None:
    with pytest.raises(ValueError, match="ServerlessRepo") as error:
        application("Resources: {}\n", HOMELESS)

    assert str(error.value) == (
        "template.yaml: there is no AWS::ServerlessRepo::Application in Metadata"
    )
