"""Installing, upgrading and removing the macro: in which order, and what is left if it fails."""

import json
from dataclasses import replace
from typing import Any

import pytest

from cfn_trigger.deployment import installer, macro_stack
from cfn_trigger.deployment.installer import StackOptions
from cfn_trigger.deployment.macro_stack import Code, MacroStack, read_deployed
from cfn_trigger.errors import UsageError
from tests.support.installed_account import FakeAccount, FakeStack, refusal

TARGET = MacroStack()
CODE = Code(
    version="1.0.0", function=b"function", provider_layer=b"provider", handler_layer=b"handler"
)
NEWER = replace(CODE, version="1.0.1", function=b"newer")
IN_LAYER = StackOptions(provider_code="Layer")
ROLE = "arn:aws:iam::123456789012:role/deploy"
TAGS = {"Team": "shop", "Stage": "prod"}
OPTIONS = StackOptions(role_arn=ROLE, tags=TAGS)
BUCKET = "cfn-trigger-packages-bucket"


def installed() -> FakeAccount:
    """Return an account in which the macro is installed, and nothing is written down of it."""
    account = FakeAccount()
    assert installer.install(TARGET, CODE, account.effects)
    account.requests.clear()
    return account


def deployed(account: FakeAccount, name: str = "cfn-trigger") -> macro_stack.DeployedStack:
    stack = read_deployed(name, account.effects.cloudformation)
    assert stack
    account.requests.clear()
    return stack


def template_of(stack: FakeStack) -> Any:
    return json.loads(stack.template)


# ---- install


def test_the_bucket_is_created_before_the_code_is_uploaded_and_then_the_macro() -> None:
    account = FakeAccount()

    is_complete = installer.install(TARGET, CODE, account.effects)

    assert is_complete
    assert account.changes() == [
        ("CreateStack", "cfn-trigger-packages"), *[("PutObject", BUCKET)] * 3,
        ("CreateStack", "cfn-trigger"),
    ]  # fmt: skip
    assert account.buckets == {BUCKET: dict(CODE.objects)}
    macro = account.stacks["cfn-trigger"]
    assert macro.parameters == {"MacroName": "Trigger"}
    assert template_of(macro) == macro_stack.template(BUCKET, CODE)
    assert account.notes == []


def test_the_providers_code_is_in_a_layer_on_request() -> None:
    account = FakeAccount()

    assert installer.install(TARGET, CODE, account.effects, options=IN_LAYER)

    assert account.stacks["cfn-trigger"].parameters == {
        "MacroName": "Trigger",
        "ProviderCode": "Layer",
    }
    assert account.stacks["cfn-trigger-packages"].parameters == {}


def test_a_bucket_that_is_passed_replaces_one_that_is_created() -> None:
    account = FakeAccount(buckets={"ours": {"kept": b""}})

    assert installer.install(TARGET, CODE, account.effects, "ours")

    assert [*account.stacks] == ["cfn-trigger"]
    assert account.buckets == {"ours": {"kept": b"", **CODE.objects}}


def test_another_macro_has_stacks_of_its_own() -> None:
    account = installed()
    other = macro_stack.macro_stack("Other", None)

    assert installer.install(other, CODE, account.effects)

    assert [*account.stacks] == [
        "cfn-trigger-packages", "cfn-trigger", "cfn-trigger-Other-packages", "cfn-trigger-Other",
    ]  # fmt: skip
    assert account.stacks["cfn-trigger-Other"].parameters == {"MacroName": "Other"}


def test_a_failed_creation_leaves_nothing() -> None:
    account = FakeAccount(failing={"CREATE cfn-trigger"})

    is_complete = installer.install(TARGET, CODE, account.effects)

    assert not is_complete
    assert (account.stacks, account.buckets) == ({}, {})
    assert account.changes()[5:] == [
        ("DeleteStack", "cfn-trigger"), ("DeleteObjects", BUCKET),
        ("DeleteStack", "cfn-trigger-packages"),
    ]  # fmt: skip
    assert account.notes == [
        "removing stack 'cfn-trigger'", "removing stack 'cfn-trigger-packages'",
    ]  # fmt: skip


def test_a_bucket_that_cannot_be_created_ends_the_installation() -> None:
    account = FakeAccount(failing={"CREATE cfn-trigger-packages"})

    assert not installer.install(TARGET, CODE, account.effects)

    assert account.changes() == [
        ("CreateStack", "cfn-trigger-packages"), ("DeleteStack", "cfn-trigger-packages"),
    ]  # fmt: skip
    assert account.notes == ["removing stack 'cfn-trigger-packages'"]


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        ("PutObject", f"bucket '{BUCKET}': no"),
        ("CreateStack", "stack 'cfn-trigger-packages': no"),
    ],
)
def test_a_refused_request_leaves_nothing(operation: str, message: str) -> None:
    account = FakeAccount(refused={operation: [refusal("AccessDenied", "no", operation)]})

    with pytest.raises(UsageError) as caught:
        installer.install(TARGET, CODE, account.effects)

    assert caught.value.message == message
    assert (account.stacks, account.buckets) == ({}, {})


def test_a_bucket_from_before_survives_a_failed_creation() -> None:
    account = installed()
    del account.stacks["cfn-trigger"]
    error = refusal("AccessDenied", "no", "CreateStack")
    account.refused = {"CreateStack": [error]}

    with pytest.raises(UsageError):
        installer.install(TARGET, CODE, account.effects)

    assert [*account.stacks] == ["cfn-trigger-packages"]
    assert account.notes == []


def test_what_could_not_be_removed_is_named() -> None:
    account = FakeAccount(
        refused={
            "PutObject": [refusal("AccessDenied", "no upload", "PutObject")],
            "DeleteStack": [refusal("AccessDenied", "no deletion", "DeleteStack")],
        }
    )

    with pytest.raises(UsageError) as caught:
        installer.install(TARGET, CODE, account.effects)

    stack = "arn:aws:cloudformation:eu-west-1:123456789012:stack/cfn-trigger-packages/1"
    assert caught.value.message == f"bucket '{BUCKET}': no upload"
    assert account.notes == [
        "removing stack 'cfn-trigger-packages'",
        f"stack '{stack}': no deletion",
        "stack 'cfn-trigger-packages' is still there; remove it with: cfn-trigger uninstall",
    ]


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "CREATE_FAILED", "ROLLBACK_FAILED"])
def test_what_an_earlier_failure_has_left_is_deleted_first(status: str) -> None:
    account = FakeAccount()
    for name in ("cfn-trigger", "cfn-trigger-packages"):
        account.stacks[name] = FakeStack(name, '{"Resources": {}}', status)

    assert installer.install(TARGET, CODE, account.effects)

    assert account.changes() == [
        ("DeleteStack", "cfn-trigger-packages"), ("CreateStack", "cfn-trigger-packages"),
        *[("PutObject", BUCKET)] * 3,
        ("DeleteStack", "cfn-trigger"), ("CreateStack", "cfn-trigger"),
    ]  # fmt: skip


def test_a_bucket_stack_that_changes_is_a_usage_error() -> None:
    account = installed()
    account.stacks["cfn-trigger-packages"].status = "UPDATE_IN_PROGRESS"

    with pytest.raises(UsageError) as caught:
        installer.own_bucket(TARGET, account.effects.cloudformation)

    assert caught.value.message == (
        "stack 'cfn-trigger-packages': is UPDATE_IN_PROGRESS; wait until it has ended:"
        " cfn-trigger watch cfn-trigger-packages"
    )


def test_a_stack_of_others_is_not_taken_for_the_bucket() -> None:
    stack = FakeStack("cfn-trigger-packages", '{"Resources": {}}')
    account = FakeAccount(stacks={stack.name: stack})

    with pytest.raises(UsageError) as caught:
        installer.own_bucket(TARGET, account.effects.cloudformation)

    assert caught.value.message == (
        "stack 'cfn-trigger-packages': has no bucket for the macro's code; pass --s3-bucket"
    )


# ---- a service role, and tags


def test_all_stacks_are_created_with_the_role_and_the_tags() -> None:
    account = FakeAccount()

    assert installer.install(TARGET, CODE, account.effects, options=OPTIONS)

    stacks = account.stacks.values()
    assert [(stack.role_arn, stack.tags) for stack in stacks] == [(ROLE, TAGS)] * 2


def test_an_upgrade_without_options_keeps_the_role_and_the_tags() -> None:
    account = installed()
    for stack in account.stacks.values():
        stack.role_arn, stack.tags = ROLE, TAGS

    assert installer.upgrade(TARGET, deployed(account), NEWER, account.effects)

    stacks = account.stacks.values()
    assert [(stack.role_arn, stack.tags) for stack in stacks] == [(ROLE, TAGS)] * 2


def test_an_upgrade_gives_all_stacks_their_new_tags() -> None:
    account = installed()

    assert installer.upgrade(TARGET, deployed(account), CODE, account.effects, options=OPTIONS)

    stacks = account.stacks.values()
    assert [(stack.role_arn, stack.tags) for stack in stacks] == [(ROLE, TAGS)] * 2
    assert account.changes()[3:] == [
        ("UpdateStack", "cfn-trigger"), ("UpdateStack", "cfn-trigger-packages"),
    ]  # fmt: skip


def test_a_bucket_with_the_same_tags_is_not_updated() -> None:
    account = installed()
    account.stacks["cfn-trigger-packages"].tags = dict(TAGS)

    assert installer.upgrade(TARGET, deployed(account), CODE, account.effects, options=OPTIONS)

    assert [request[0] for request in account.changes()].count("UpdateStack") == 1


def test_stacks_are_deleted_with_the_role() -> None:
    account = installed()
    stacks = list(account.stacks.values())

    assert installer.uninstall(TARGET, account.effects, StackOptions(role_arn=ROLE))

    assert (account.stacks, [stack.role_arn for stack in stacks]) == ({}, [ROLE, ROLE])


# ---- upgrade


def test_an_upgrade_keeps_parameters_and_forgets_the_old_code() -> None:
    account = installed()
    account.stacks["cfn-trigger"].parameters |= {"LogRetentionInDays": "7", "Former": "x"}

    is_complete = installer.upgrade(TARGET, deployed(account), NEWER, account.effects)

    assert is_complete
    assert account.changes() == [
        *[("PutObject", BUCKET)] * 3, ("UpdateStack", "cfn-trigger"),
        ("DeleteObjects", BUCKET),
    ]  # fmt: skip
    assert account.buckets == {BUCKET: dict(NEWER.objects)}
    stack = account.stacks["cfn-trigger"]
    assert template_of(stack) == macro_stack.template(BUCKET, NEWER)
    assert stack.parameters == {"MacroName": "Trigger", "LogRetentionInDays": "7"}


@pytest.mark.parametrize("before", [{}, {"ProviderCode": "Inline"}])
def test_an_upgrade_moves_the_providers_code(before: dict[str, str]) -> None:
    account = installed()
    account.stacks["cfn-trigger"].parameters |= before

    assert installer.upgrade(TARGET, deployed(account), CODE, account.effects, options=IN_LAYER)

    assert account.stacks["cfn-trigger"].parameters == {
        "MacroName": "Trigger",
        "ProviderCode": "Layer",
    }


def test_a_later_upgrade_leaves_the_providers_code_where_it_is() -> None:
    account = FakeAccount()
    assert installer.install(TARGET, CODE, account.effects, options=IN_LAYER)

    assert installer.upgrade(TARGET, deployed(account), NEWER, account.effects)

    assert deployed(account).provider_code == "Layer"


@pytest.mark.parametrize(
    ("wanted", "is_changed"), [(None, False), ("Layer", False), ("Inline", True)]
)
def test_a_stack_changes_if_the_providers_code_moves(
    wanted: str | None, *, is_changed: bool
) -> None:
    account = FakeAccount()
    assert installer.install(TARGET, CODE, account.effects, options=IN_LAYER)

    assert StackOptions(provider_code=wanted).changes(deployed(account)) == is_changed


def test_a_version_with_the_same_code_is_an_update_too() -> None:
    account, same = installed(), replace(CODE, version="1.0.1")

    assert installer.upgrade(TARGET, deployed(account), same, account.effects)

    assert template_of(account.stacks["cfn-trigger"]) == macro_stack.template(BUCKET, same)


def test_a_failed_upgrade_keeps_the_code_that_its_rollback_needs() -> None:
    account = installed()
    account.failing = {"UPDATE cfn-trigger"}

    assert not installer.upgrade(TARGET, deployed(account), NEWER, account.effects)

    assert account.buckets[BUCKET].items() >= CODE.objects.items()
    assert template_of(account.stacks["cfn-trigger"]) == macro_stack.template(BUCKET, CODE)


def test_a_macro_that_the_sam_cli_has_deployed_gets_a_bucket() -> None:
    account = installed()
    stack = account.stacks.pop("cfn-trigger-packages")
    del account.buckets[stack.outputs["Bucket"]]

    assert installer.upgrade(TARGET, deployed(account), NEWER, account.effects)

    assert account.changes()[0] == ("CreateStack", "cfn-trigger-packages")


def test_objects_in_a_bucket_of_others_stay() -> None:
    account = installed()
    account.buckets["ours"] = {"kept": b""}

    assert installer.upgrade(TARGET, deployed(account), NEWER, account.effects, "ours")

    assert account.buckets["ours"] == {"kept": b"", **NEWER.objects}


# ---- uninstall


def test_removing_the_macro_empties_its_bucket_in_batches() -> None:
    account = installed()
    account.buckets[BUCKET] |= {str(number): b"" for number in range(1500)}

    assert installer.uninstall(TARGET, account.effects)

    assert (account.stacks, account.buckets) == ({}, {})
    assert account.changes() == [
        ("DeleteStack", "cfn-trigger"), ("DeleteObjects", BUCKET), ("DeleteObjects", BUCKET),
        ("DeleteStack", "cfn-trigger-packages"),
    ]  # fmt: skip


def test_removing_what_is_not_there_changes_nothing() -> None:
    account = FakeAccount()

    assert installer.uninstall(TARGET, account.effects)

    assert account.changes() == []


def test_the_bucket_stays_while_the_macro_cannot_be_deleted() -> None:
    account = installed()
    account.failing = {"DELETE cfn-trigger"}

    assert not installer.uninstall(TARGET, account.effects)

    assert account.buckets == {BUCKET: dict(CODE.objects)}


def test_an_interrupted_installation_says_how_to_continue_and_can_be_continued() -> None:
    account = FakeAccount()
    effects = account.effects

    def interrupt(name: str, start: Any) -> Any:
        if name == "cfn-trigger":
            raise KeyboardInterrupt
        return account.perform(name, start)

    with pytest.raises(KeyboardInterrupt):
        installer.install(TARGET, CODE, replace(effects, perform=interrupt))

    assert account.notes == [
        "run cfn-trigger install to continue, or cfn-trigger uninstall to remove what was created"
    ]
    assert installer.install(TARGET, CODE, effects)
    assert [*account.stacks] == ["cfn-trigger-packages", "cfn-trigger"]
