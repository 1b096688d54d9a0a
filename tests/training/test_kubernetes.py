"""The manifest: a valid Job by Kubernetes' own schema, whose pods share all cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from nb101train.__main__ import main
from nb101train.commands import sweep as command
from nb101train.shard import Shard
from reference.libraries import import_or_skip

MANIFEST = Path(__file__).resolve().parents[2] / "training" / "kubernetes" / "sweep-job.yaml"


@pytest.fixture(scope="module")
def job() -> dict[str, Any]:
    yaml = import_or_skip("yaml")
    with MANIFEST.open(encoding="utf-8") as file:
        (job,) = yaml.safe_load_all(file)
    assert isinstance(job, dict)
    return job


def test_the_manifest_follows_the_schema_of_kubernetes(job: dict[str, Any]) -> None:
    """The check must also find a misspelt field, or it would prove nothing."""
    validator = import_or_skip("kubernetes_validate")
    validator.validate(job, "1.33", strict=True)
    spec = {**job["spec"], "completionsMode": "Indexed"}
    with pytest.raises(validator.ValidationError, match="completionsMode"):
        validator.validate({**job, "spec": spec}, "1.33", strict=True)


def test_the_command_of_each_pod(job: dict[str, Any]) -> None:
    spec = job["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    arguments: list[str] = container["command"] + container["args"]
    assert arguments[0] == "nb101train"
    shards = []
    for index in range(spec["completions"]):
        # Kubernetes sets this variable, and replaces it in arguments.
        given = [each.replace("$(JOB_COMPLETION_INDEX)", str(index)) for each in arguments[1:]]
        with mock.patch.object(command, "sweep", side_effect=InterruptedError) as sweep:
            assert main(given) == 2
        (folder, request, crew), options = sweep.call_args
        assert folder == "/sweep"
        assert (len(request.codes), request.epochs) == (2532, (4, 12))
        assert (crew.device, crew.checkpoints) == ("gpu", True)
        shards.append(options["shard"])
    assert shards == [Shard(index, len(shards)) for index in range(len(shards))]
    assert spec["completionMode"] == "Indexed"


def test_failed_pods_are_not_started_for_ever(job: dict[str, Any]) -> None:
    """The rules for failed pods agree with the exit statuses of the command."""
    spec = job["spec"]
    pod = spec["template"]["spec"]
    assert pod["restartPolicy"] == "Never"  # a pod failure policy requires it
    (by_status,) = (each["onExitCodes"] for each in spec["podFailurePolicy"]["rules"][1:])
    assert by_status["containerName"] == pod["containers"][0]["name"]
    assert by_status["values"] == [1]  # status 2 may also mean an interruption
    volumes = {volume["name"] for volume in pod["volumes"]}
    assert {mount["name"] for mount in pod["containers"][0]["volumeMounts"]} == volumes
