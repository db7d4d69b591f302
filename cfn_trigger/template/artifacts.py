"""Code at local paths, and the address in S3 that the SAM CLI or the AWS CLI gives it.

Knows how both name what they upload: by a checksum of the content, or of an archive of it. So the
same code has the same address. For an archive, its files must also have the same times. Refuses to
know what runs because of it.
"""

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile

from macro.cloudformation import SERVERLESS, as_map, properties_of, section, type_of
from macro.model import Json

_PROPERTIES: Final = {
    f"{SERVERLESS}Function": "CodeUri",
    f"{SERVERLESS}LayerVersion": "ContentUri",
    "AWS::Lambda::Function": "Code",
    "AWS::Lambda::LayerVersion": "Content",
}
"""The property that holds code, by the type of its resource."""
_TEMPLATES: Final = {"AWS::CloudFormation::Stack": "TemplateURL"}
NOT_PACKAGED: Final = "not-packaged"
"""The bucket in the placeholder of what is at a local path, which only a deployment uploads."""

_UPLOADED: Final = ("s3://", "http://", "https://")
_CHECKSUM: Final = re.compile(r"(?P<prefix>.*/)?(?P<name>[0-9a-f]{32})(\.\w+)?")
_HASH: Final = re.compile(r"[0-9a-f]{10}")
"""What SAM appends to the logical id of a layer."""
_BUILT: Final = "SamResourceId"
"""The key that `sam build` adds to the Metadata of what it has built."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploads:
    """Where the code of a deployed stack is, and the checksum of each resource's code.

    `folder` is that of the template whose local paths are looked up.
    """

    bucket: str
    prefix: str
    checksums: Mapping[str, str]
    folder: Path

    def key(self, logical_id: str, path: str, *, is_final: bool) -> str:
        """Return the key that the code of a resource will have; empty if it is not known.

        Code that is not built yet, and that is not the deployed code, may become anything.
        """
        try:
            return self._key(logical_id, path, is_final=is_final)
        except (OSError, ValueError):  # a dangling link, or a time too early for an archive
            return ""

    def _key(self, logical_id: str, path: str, *, is_final: bool) -> str:
        checksum = checksum_of(self.folder / path)
        if not checksum:
            return ""
        deployed = set(self._deployed(logical_id))
        if deployed and checksum not in deployed:
            archive = archive_checksum(self.folder / path)
            checksum, is_final = (archive, True) if archive in deployed else (checksum, is_final)
        return f"{self.prefix}{checksum}" if is_final or checksum in deployed else ""

    def _deployed(self, logical_id: str) -> Iterator[str]:
        for name, checksum in self.checksums.items():
            suffix = name.removeprefix(logical_id)
            if name == logical_id or (suffix != name and _HASH.fullmatch(suffix)):
                yield checksum


def uploads_of(deployed: Mapping[str, Json], folder: Path) -> Uploads | None:
    """Return where a deployed template has its code; None if neither CLI has put it there."""
    places: Counter[tuple[str, str]] = Counter()
    checksums = {}
    for name, resource in section(deployed, "Resources").items():
        code = as_map(properties_of(resource).get(_PROPERTIES.get(type_of(resource), "")))
        match code.get("S3Bucket"), _CHECKSUM.fullmatch(str(code.get("S3Key"))):
            case str(bucket), re.Match() as key:
                places[bucket, key["prefix"] or ""] += 1
                checksums[name] = key["name"]
    if not places:
        return None
    ((bucket, prefix), _), *_ = places.most_common(1)
    return Uploads(bucket=bucket, prefix=prefix, checksums=checksums, folder=folder)


def with_addresses(template: Mapping[str, Json], uploads: Uploads) -> dict[str, Json]:
    """Return a template in which an address stands for each local path whose upload is known."""
    resources = section(template, "Resources")
    is_built = any(_BUILT in section(resource, "Metadata") for resource in resources.values())
    shared = section(section(template, "Globals"), "Function").get("CodeUri")
    with_code = {
        name: _with_address(
            name,
            _with_shared_code(resource, shared),
            uploads,
            is_final=is_built or _skips_build(resource),
        )
        for name, resource in resources.items()
    }
    return {**template, "Resources": with_code}


def _with_shared_code(resource: Json, shared: Json) -> Json:
    """Return a function with the path of its code that SAM would take from its Globals."""
    properties = properties_of(resource)
    has_other_code = not properties.keys().isdisjoint(("CodeUri", "InlineCode", "ImageUri"))
    is_function = type_of(resource) == f"{SERVERLESS}Function"
    is_function = is_function and properties.get("PackageType") != "Image"
    if shared is None or not is_function or has_other_code:
        return resource
    return {**resource, "Properties": {**properties, "CodeUri": shared}}


def _skips_build(resource: Json) -> bool:
    """Return whether `sam build` is told to leave the code of a resource as it is."""
    return section(resource, "Metadata").get("SkipBuild") in (True, "true", "True")


def _with_address(logical_id: str, resource: Json, uploads: Uploads, *, is_final: bool) -> Json:
    name = _PROPERTIES.get(type_of(resource), "")
    path = properties_of(resource).get(name)
    if not isinstance(path, str) or path.startswith(_UPLOADED):
        return resource
    key = uploads.key(logical_id, path, is_final=is_final)
    if not key:
        return resource
    is_sam = type_of(resource).startswith(SERVERLESS)
    address = {"S3Bucket": uploads.bucket, "S3Key": key}
    code = f"s3://{uploads.bucket}/{key}" if is_sam else address
    return {**resource, "Properties": {**resource["Properties"], name: code}}


def with_placeholders(template: Mapping[str, Json]) -> dict[str, Json]:
    """Return a template in which a placeholder stands for each local path."""
    resources = {
        name: _with_placeholder(resource)
        for name, resource in section(template, "Resources").items()
    }
    return {**template, "Resources": resources}


def _with_placeholder(resource: Json) -> Json:
    name = (_PROPERTIES | _TEMPLATES).get(type_of(resource), "")
    path = properties_of(resource).get(name)
    is_placeholder = str(path).startswith(f"https://{NOT_PACKAGED}/")
    if not isinstance(path, str) or (path.startswith(_UPLOADED) and not is_placeholder):
        return resource
    placeholder = {"S3Bucket": NOT_PACKAGED, "S3Key": path}
    return {**resource, "Properties": {**resource["Properties"], name: placeholder}}


def checksum_of(path: Path) -> str:
    """Return the checksum of a file or folder as the SAM CLI computes it; empty if there is none.

    That of a folder covers the path and the checksum of each file in it, in the order of their
    paths. https://github.com/aws/aws-sam-cli/blob/develop/samcli/lib/utils/hash.py
    """
    if path.is_file():
        return _md5(path.read_bytes())
    files = sorted(_files(str(path)))
    parts = (
        part
        for file in files
        for part in (os.path.relpath(file, path), _md5(Path(file).read_bytes()))
    )
    return _md5("".join(parts).encode()) if files else ""


def archive_checksum(path: Path) -> str:
    """Return the checksum of a folder's archive as the AWS CLI packs it; empty for a file.

    The archive contains the times of the files, so its checksum differs in a new checkout.
    https://github.com/aws/aws-cli/blob/develop/awscli/customizations/cloudformation/artifact_exporter.py
    """
    if not path.is_dir():
        return ""
    with TemporaryFile() as archive:
        with ZipFile(archive, "w", ZIP_DEFLATED) as packed:
            for file in _files(str(path)):
                packed.write(file, os.path.relpath(file, path))
        archive.seek(0)
        return hashlib.file_digest(archive, _new_md5).hexdigest()


def _files(folder: str) -> Iterator[str]:
    for parent, _, names in os.walk(folder, followlinks=True):
        yield from (os.path.join(parent, name) for name in names)  # noqa: PTH118 (sorted as text)


def _md5(data: bytes) -> str:
    return _new_md5(data).hexdigest()


_new_md5: Final = partial(hashlib.md5, usedforsecurity=False)
