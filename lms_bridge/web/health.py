"""Health and metrics: states only, never reasons or data."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from lms_bridge.db import db
from lms_bridge.plugin_host import host
from lms_bridge.services.grades import count_by_state
from lms_bridge.services.schema import pending_branches

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def healthz() -> Response:
    """Say that the process lives, and the state of each plugin."""
    return jsonify(status="ok", plugins={name: state.state for name, state in host().states.items()})


@bp.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Say whether launches can be served: the database answers and is up to date."""
    try:
        db.session.execute(text("SELECT 1"))
        ready = "core" not in pending_branches()
    except SQLAlchemyError:
        ready = False
    return jsonify(status="ready" if ready else "not ready"), 200 if ready else 503


@bp.get("/metrics")
def metrics() -> Response:
    """Give the figures for Prometheus; read from the database, so that every worker says the same."""
    # Loaded when it is used: most workers are never asked.
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

    registry = CollectorRegistry()
    grades = Gauge("lms_bridge_grades", "Grades by state", ["state"], registry=registry)
    for state, count in count_by_state().items():
        grades.labels(state).set(count)
    plugins = Gauge("lms_bridge_plugins", "Plugins by state", ["plugin", "state"], registry=registry)
    for name, plugin in host().states.items():
        plugins.labels(name, plugin.state).set(1)
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
