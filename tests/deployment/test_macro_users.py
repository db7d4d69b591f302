"""Which stacks use a macro: those whose templates declare it as a transform."""

from cfn_trigger.deployment.macro_users import MacroUsers, macro_users
from tests.support.installed_account import FakeAccount, FakeStack, refusal


def account(**transforms: tuple[str, ...]) -> FakeAccount:
    stacks = {
        name: FakeStack(name, "{}", transforms=declared) for name, declared in transforms.items()
    }
    return FakeAccount(stacks=stacks)


def users(of: FakeAccount, pauses: list[float] | None = None) -> MacroUsers:
    pauses = [] if pauses is None else pauses
    return macro_users("Trigger", of.effects.cloudformation, pauses.append)


def test_a_stack_uses_a_macro_if_its_template_declares_it() -> None:
    of = account(
        shop=("AWS::Serverless-2016-10-31", "Trigger"),
        orders=("123456789012::Trigger",),
        queue=(),
        other=("Triggers", "AWS::LanguageExtensions"),
    )

    assert users(of) == MacroUsers(stacks=("orders", "shop"))


def test_stacks_that_cannot_be_deployed_again_do_not_count() -> None:
    of = account(failed=("Trigger",), reviewed=("Trigger",), deleting=("Trigger",))
    for name, status in (
        ("failed", "ROLLBACK_COMPLETE"),
        ("reviewed", "REVIEW_IN_PROGRESS"),
        ("deleting", "DELETE_IN_PROGRESS"),
    ):
        of.stacks[name].status = status

    assert users(of) == MacroUsers(stacks=())


def test_a_throttled_request_is_repeated_after_growing_pauses() -> None:
    of, pauses = account(shop=("Trigger",)), list[float]()
    throttled = [refusal("Throttling", "Rate exceeded", "Any") for _ in range(7)]
    of.refused = {"ListStacks": throttled[:1], "GetTemplateSummary": throttled[1:]}

    assert users(of, pauses) == MacroUsers(stacks=("shop",))

    assert pauses == [1, 1, 2, 4, 8, 16, 30]


def test_a_stack_that_cannot_be_read_is_named() -> None:
    of = account(shop=("Trigger",), secret=("Trigger",))
    of.refused = {"GetTemplateSummary": [refusal("AccessDenied", "no", "GetTemplateSummary")]}

    assert users(of) == MacroUsers(stacks=("shop",), unreadable=("secret",))


def test_a_stack_that_was_deleted_meanwhile_does_not_count() -> None:
    of = account(shop=("Trigger",))
    gone = refusal("ValidationError", "Stack with id shop does not exist", "GetTemplateSummary")
    of.refused = {"GetTemplateSummary": [gone]}

    assert users(of) == MacroUsers(stacks=())
