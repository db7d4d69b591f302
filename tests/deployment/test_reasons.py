import pytest

from cfn_trigger.deployment.reasons import unwrapped

WRAPPER = "Received response status [FAILED] from custom resource. Message returned: "


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (f"{WRAPPER}no such table (RequestId: 4f7c-1)", "no such table"),
        (f"{WRAPPER}no such table", "no such table"),
        (f"{WRAPPER}one\ntwo (RequestId: 4f7c-1)", "one\ntwo"),
        (
            f"{WRAPPER}denied (RequestId: inner); full log: /aws (RequestId: 4f7c-1)",
            "denied (RequestId: inner); full log: /aws",
        ),
        (f"{WRAPPER} (RequestId: 4f7c-1)", ""),
    ],
)
def test_the_reason_of_a_custom_resource_is_taken_out_of_its_wrapper(
    reason: str, expected: str
) -> None:
    assert unwrapped(reason) == expected


@pytest.mark.parametrize(
    "reason",
    ["", "Resource creation cancelled", "Handler returned message: no (RequestId: 4f7c-1)"],
)
def test_any_other_reason_stays_as_it_is(reason: str) -> None:
    assert unwrapped(reason) == reason
