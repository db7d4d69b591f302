"""Code at local paths has the address that `sam deploy` gives it, where that is known."""

import os
from pathlib import Path
from typing import Any

import pytest
from awscli.customizations.cloudformation.artifact_exporter import zip_folder
from samcli.lib.utils.hash import dir_checksum, file_checksum

from cfn_trigger.template.artifacts import (
    Uploads,
    archive_checksum,
    checksum_of,
    uploads_of,
    with_addresses,
)
from tests.support.templates import of_type

TEXT = "def handler(event, context): ..."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of a project with the code of two functions."""
    for name in ("shop", "shop/lib", "test"):
        (tmp_path / name).mkdir()
    (tmp_path / "shop" / "index.py").write_text(TEXT)
    (tmp_path / "shop" / "lib" / "a.bin").write_bytes(b"\x00" * 9000)
    (tmp_path / "shop" / "lib.py").write_text("")
    (tmp_path / "test" / "index.py").write_text(TEXT * 2)
    (tmp_path / "test.zip").write_bytes(b"PK")
    return tmp_path


def of_stack(*keys: str, bucket: str = "uploads") -> Any:
    """Return a deployed template with a function at each of the keys."""
    return {
        "Resources": {
            name: of_type("AWS::Lambda::Function", Code={"S3Bucket": bucket, "S3Key": key})
            for name, key in zip(("Shop", "Test", "Other", "More"), keys, strict=False)
        }
    }


def code_of(resource: Any, deployed: Any, folder: Path) -> Any:
    """Return what stands in the resource where its author wrote a local path."""
    uploads = uploads_of(deployed, folder)
    assert uploads
    resources = with_addresses({"Resources": {"Shop": resource}}, uploads)["Resources"]
    (code,) = (
        value for name, value in resources["Shop"]["Properties"].items() if name != "Handler"
    )
    return code


@pytest.mark.parametrize("path", ["shop", "test", "test.zip"])
def test_a_checksum_is_that_of_the_sam_client(path: str, folder: Path) -> None:
    computed = dir_checksum if (folder / path).is_dir() else file_checksum

    assert checksum_of(folder / path) == computed(str(folder / path))


def test_the_checksum_of_an_archive_is_that_of_the_aws_client(folder: Path) -> None:
    with zip_folder(str(folder / "shop")) as archive:
        assert archive_checksum(folder / "shop") == file_checksum(archive)
    assert archive_checksum(folder / "test.zip") == ""


def test_code_that_the_aws_client_has_packed_keeps_its_address(folder: Path) -> None:
    key = f"shop/{archive_checksum(folder / 'shop')}"
    plain = of_type("AWS::Lambda::Function", Code="./shop", Handler="index.handler")
    built = plain | {"Metadata": {"SamResourceId": "Shop"}}
    address = {"S3Bucket": "uploads", "S3Key": key}

    assert code_of(plain, of_stack(key), folder) == address
    assert code_of(built, of_stack(key), folder) == address
    (folder / "shop" / "index.py").write_text(TEXT * 2)
    assert code_of(plain, of_stack(key), folder) == "./shop"
    changed = {"S3Bucket": "uploads", "S3Key": f"shop/{checksum_of(folder / 'shop')}"}
    assert code_of(built, of_stack(key), folder) == changed


def test_code_that_neither_client_can_pack_has_no_address(folder: Path) -> None:
    resource = of_type("AWS::Lambda::Function", Code="./shop")
    os.utime(folder / "shop" / "index.py", (0, 0))
    assert code_of(resource, of_stack("a" * 32), folder) == "./shop"

    (folder / "test" / "link").symlink_to("nowhere")
    assert (
        code_of(resource | {"Properties": {"Code": "test"}}, of_stack("a" * 32), folder) == "test"
    )


def test_the_code_of_all_functions_may_be_in_globals(folder: Path) -> None:
    key = checksum_of(folder / "shop")
    uploads = uploads_of(of_stack(key), folder)
    assert uploads
    functions = {
        "Shop": of_type("AWS::Serverless::Function", Handler="index.handler"),
        "Inline": of_type("AWS::Serverless::Function", InlineCode="x"),
        "Image": of_type("AWS::Serverless::Function", ImageUri="x"),
        "Unbuilt": of_type("AWS::Serverless::Function", PackageType="Image"),
        "Queue": of_type("AWS::SQS::Queue"),
    }
    shared = {"Function": {"CodeUri": "shop"}}

    resources = with_addresses({"Globals": shared, "Resources": functions}, uploads)["Resources"]

    assert resources["Shop"]["Properties"]["CodeUri"] == f"s3://uploads/{key}"
    assert {**resources, "Shop": functions["Shop"]} == functions


def test_what_is_not_there_has_no_checksum(folder: Path) -> None:
    (folder / "empty").mkdir()

    assert checksum_of(folder / "nowhere") == checksum_of(folder / "empty") == ""


def test_the_names_of_deployed_code_tell_where_more_is_uploaded(folder: Path) -> None:
    keys = (f"shop/{'a' * 32}", f"shop/{'b' * 32}.zip", f"other/{'c' * 32}", "by-hand.zip")

    assert uploads_of(of_stack(*keys), folder) == Uploads(
        bucket="uploads",
        prefix="shop/",
        checksums={"Shop": "a" * 32, "Test": "b" * 32, "Other": "c" * 32},
        folder=folder,
    )


@pytest.mark.parametrize("deployed", [{}, of_stack("by-hand.zip"), of_stack()])
def test_other_names_tell_nothing(deployed: Any, folder: Path) -> None:
    assert uploads_of(deployed, folder) is None


def test_code_that_is_deployed_keeps_its_address(folder: Path) -> None:
    deployed = of_stack(f"shop/{checksum_of(folder / 'shop')}")
    of_sam = of_type("AWS::Serverless::Function", CodeUri="./shop", Handler="index.handler")
    plain = of_type("AWS::Lambda::Function", Code="./shop", Handler="index.handler")

    key = f"shop/{checksum_of(folder / 'shop')}"
    assert code_of(of_sam, deployed, folder) == f"s3://uploads/{key}"
    assert code_of(plain, deployed, folder) == {"S3Bucket": "uploads", "S3Key": key}


def test_code_of_another_resource_tells_nothing(folder: Path) -> None:
    deployed = of_stack("a" * 32, checksum_of(folder / "shop"))
    resource = of_type("AWS::Serverless::Function", CodeUri="./shop")

    assert code_of(resource, deployed, folder) == "./shop"


def test_a_layer_is_deployed_under_a_name_with_a_hash(folder: Path) -> None:
    content = {"S3Bucket": "uploads", "S3Key": checksum_of(folder / "shop")}
    layer = of_type("AWS::Lambda::LayerVersion", Content=content)
    resource = of_type("AWS::Serverless::LayerVersion", ContentUri="shop")
    resource["Metadata"] = {"BuildMethod": "python3.13"}

    same, other = ({"Resources": {name: layer}} for name in ("Shop168e5eb204", "ShopWindow"))

    assert code_of(resource, same, folder) == f"s3://uploads/{content['S3Key']}"
    assert code_of(resource, other, folder) == "shop"


def test_code_that_is_yet_to_be_built_has_no_address(folder: Path) -> None:
    resource = of_type("AWS::Serverless::Function", CodeUri="./shop")

    assert code_of(resource, of_stack("a" * 32), folder) == "./shop"


@pytest.mark.parametrize(
    "resource",
    [
        of_type("AWS::Serverless::Function", CodeUri="test") | {"Metadata": {"SamResourceId": "S"}},
        of_type("AWS::Serverless::Function", CodeUri="test") | {"Metadata": {"SkipBuild": True}},
    ],
)
def test_code_that_is_uploaded_as_it_is_has_an_address_of_its_own(
    resource: Any, folder: Path
) -> None:
    assert code_of(resource, of_stack("a" * 32), folder) == (
        f"s3://uploads/{checksum_of(folder / 'test')}"
    )


def test_what_is_not_built_in_a_built_template_is_uploaded_as_it_is(folder: Path) -> None:
    built = of_type("AWS::Serverless::Function") | {"Metadata": {"SamResourceId": "Built"}}
    resources = {"Built": built, "Plain": of_type("AWS::Serverless::Function", CodeUri="test")}
    uploads = uploads_of(of_stack("a" * 32), folder)
    assert uploads

    address = with_addresses({"Resources": resources}, uploads)["Resources"]["Plain"]["Properties"]

    assert address == {"CodeUri": f"s3://uploads/{checksum_of(folder / 'test')}"}


@pytest.mark.parametrize(
    "resource",
    [
        of_type("AWS::Serverless::LayerVersion", ContentUri="test"),
        of_type("AWS::Serverless::Function", CodeUri="s3://mine/key"),
        of_type("AWS::Serverless::Function", CodeUri="nowhere") | {"Metadata": {"SkipBuild": True}},
        of_type("AWS::Lambda::Function", Code={"ZipFile": TEXT}),
        of_type("AWS::Lambda::Function", Code={"Ref": "Code"}),
        of_type("AWS::S3::Object", Code="test"),
    ],
)
def test_anything_else_stays_as_it_is(resource: Any, folder: Path) -> None:
    (written,) = resource["Properties"].values()

    assert code_of(resource, of_stack("a" * 32), folder) == written
