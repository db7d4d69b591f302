"""How an installation is shown: what a command is going to do, and what an upgrade means."""

from rich.console import Console, RenderableType

from cfn_trigger.deployment.macro_stack import MacroStack, macro_stack
from cfn_trigger.deployment.macro_users import MacroUsers
from cfn_trigger.prediction.predict import Prediction, Verdict
from cfn_trigger.prediction.upgrades import StackImpact
from cfn_trigger.terminal import installations
from cfn_trigger.terminal.installations import Place

PLACE = Place(account="123456789012", region="eu-west-1")


def shown(content: RenderableType) -> str:
    console = Console(width=200)
    with console.capture() as capture:
        console.print(content)
    return capture.get()


def prediction(trigger: str, verdict: Verdict) -> Prediction:
    return Prediction(
        trigger=trigger,
        request="none",
        verdict=verdict,
        outcome="unchanged" if verdict == "will not run" else verdict,
        because=("why",),
    )


def test_a_bucket_that_is_passed_is_not_created() -> None:
    content = "the macro Trigger, its function, role and log group; the layer for handlers, and its"
    macro = f"  stack cfn-trigger  {content} parameter\n"
    title = "creates in account 123456789012, region eu-west-1, for cfn-trigger 1.0.0\n"

    creation = installations.creation(MacroStack(), PLACE, "1.0.0", "ours", None)

    assert shown(creation) == title + macro


def test_a_layer_with_the_provider_is_among_what_is_created() -> None:
    creation = installations.creation(MacroStack(), PLACE, "1.0.0", "ours", "Layer")

    assert shown(creation).endswith(" and its parameter; the layer with the provider\n")


def test_layers_of_which_versions_stay_are_named_with_the_command_that_deletes_one() -> None:
    assert shown(installations.retained_layers(["handlers", "provider"])) == (
        "versions of its layers stay, because functions may use them:\n"
        "  layer handlers\n"
        "  layer provider\n"
        "delete them one by one: aws lambda delete-layer-version --layer-name NAME"
        " --version-number NUMBER\n"
    )


def test_only_a_bucket_that_was_created_is_removed() -> None:
    target = macro_stack("Other", None)

    assert shown(installations.removal(target, PLACE, has_bucket=False)) == (
        "removes from account 123456789012, region eu-west-1\n"
        "  stack cfn-trigger-Other  the macro Other\n"
    )


def test_a_version_that_is_not_known_is_called_so() -> None:
    assert shown(installations.upgraded("", "1.0.0", PLACE)) == (
        "cfn-trigger an unknown version → 1.0.0 in account 123456789012, region eu-west-1\n"
    )


def test_an_upgrade_shows_what_each_stack_will_run() -> None:
    surely = StackImpact(
        stack="shop", predictions=(prediction("A", "will run"), prediction("Migrate", "will run"))
    )
    perhaps = StackImpact(stack="b", predictions=(prediction("C", "unknown until deployment"),))
    nothing = StackImpact(stack="orders", predictions=(prediction("D", "will not run"),))
    refused = StackImpact(stack="e", problem="the new version refuses it: no")

    assert shown(installations.impacts([surely, perhaps, nothing, refused])) == (
        "  shop    will run triggers when it is deployed again:\n"
        "    A        will run\n"
        "               why\n"
        "    Migrate  will run\n"
        "               why\n"
        "  b       may run triggers when it is deployed again:\n"
        "    C  unknown until deployment\n"
        "         why\n"
        "  orders  will run nothing when it is deployed again\n"
        "  e       the new version refuses it: no\n"
    )


def test_an_upgrade_that_concerns_no_stack_says_so() -> None:
    assert shown(installations.impacts([])) == "no stack uses it\n"


def test_stacks_that_could_not_be_read_are_named() -> None:
    users = MacroUsers(stacks=("shop",), unreadable=("a", "b"))

    assert shown(installations.users(users)) == (
        "stacks that use it:\n  shop\n  could not be read: a, b\n"
    )
