"""The application that the AWS Serverless Application Repository lists.

Knows which metadata it takes; the version and the addresses come from the release, so that they are
written once.
https://docs.aws.amazon.com/serverlessrepo/latest/devguide/serverlessrepo-publishing-applications.html
"""

import re
from typing import Final

from release.source import Release

REQUIRED: Final = ("Name", "Description", "Author", "SpdxLicenseId", "SemanticVersion")
UPLOADED: Final = ("LicenseUrl", "ReadmeUrl")
"""Local files, whose places `sam package` replaces with those of their uploads."""

_METADATA: Final = re.compile(r"(?m)^  AWS::ServerlessRepo::Application:\n((?:    .*\n)+)")
_KEY: Final = re.compile(r"(?m)^    (\w+):")


def application(template: str, release: Release) -> str:
    """Add the version, and the addresses if there are any, to the template's metadata.

    Raises ValueError if the template has no such metadata.
    """
    found = _METADATA.search(template)
    if not found:
        raise ValueError("template.yaml: there is no AWS::ServerlessRepo::Application in Metadata")
    added = f"    SemanticVersion: {release.version}\n"
    if release.repository:
        added += f"    HomePageUrl: {release.repository}\n"
        added += f"    SourceCodeUrl: {release.file_url('')}/tree/v{release.version}\n"
    return template[: found.end()] + added + template[found.end() :]


def missing_metadata(template: str) -> list[str]:
    """List what the repository would refuse to publish without."""
    found = _METADATA.search(template)
    keys = set(_KEY.findall(found[1])) if found else set()
    return [f"the metadata has no {key}" for key in (*REQUIRED, *UPLOADED) if key not in keys]
