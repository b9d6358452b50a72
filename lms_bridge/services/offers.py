"""What all plugins together say to the person of the session: what to do now, and which numbers there are."""

from __future__ import annotations

import datetime as dt

from lms_bridge.context import BridgeContext
from lms_bridge.contributions import Metric, Task
from lms_bridge.plugin_host import collect


def waiting_tasks(context: BridgeContext) -> list[Task]:
    """Return what the person has to do now, of every plugin that the agency uses; what is due first comes first."""
    tasks: list[Task] = [answer.value for answer in collect("tasks", context=context)]
    return sorted(tasks, key=lambda task: task.due or dt.date.max)


def declared_metrics(context: BridgeContext) -> list[Metric]:
    """Return the numbers about units that the agency's plugins keep, in their order."""
    metrics: list[Metric] = [answer.value for answer in collect("metrics", context=context)]
    return sorted(metrics, key=lambda metric: (metric.order, metric.code))
