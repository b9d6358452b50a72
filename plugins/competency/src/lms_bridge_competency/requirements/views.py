"""The analyst's pages of what posts require."""

from __future__ import annotations

import datetime as dt
from contextlib import closing
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, request
from sqlalchemy import select

from lms_bridge.api import (
    FileRefused,
    Invalid,
    Post,
    _,
    competencies_by_key,
    current,
    db,
    export_table,
    find_competencies,
    flash,
    load,
    now,
    read_upload,
    redirect,
    render_template,
    require_permission,
    url_for,
)
from lms_bridge_competency.reference import post_levels
from lms_bridge_competency.requirements.reading import PAGE, Show, find_posts, history_of, lines_of, open_subject
from lms_bridge_competency.requirements.schemas import (
    BasisSchema,
    CopySchema,
    LevelsSchema,
    Listed,
    ListSchema,
    SearchSchema,
)
from lms_bridge_competency.requirements.setting import Basis, Subject, own_levels, set_requirements
from lms_bridge_competency.requirements.sheet import ReadRequirements, read_sheet, sheet_table
from lms_bridge_competency.views import bp

SET = "competency.set-requirements"
LIMIT_BYTES = 16 * 2**20
_FAULTS_SHOWN = 200
_FOUND = 20


@bp.before_request
def _make_room() -> None:
    """Let a sheet be larger than other forms."""
    if request.endpoint == "competency.import_requirements":
        request.max_content_length = LIMIT_BYTES + 2**16


def _today() -> dt.date:
    return now().astimezone(ZoneInfo(current.agency.timezone)).date()


@bp.get("/requirements")
@require_permission(SET)
def requirements() -> str:
    """List the posts, and say for which nothing is required yet."""
    return _list(load(ListSchema, request.args))


def _list(listed: Listed, *, read: ReadRequirements | None = None) -> str:
    rows, count = find_posts(on=_today(), show=listed.show, words=listed.words, page=listed.page)
    return render_template(
        "competency/requirements/list.html",
        rows=rows,
        count=count,
        listed=listed,
        pages=-(-count // PAGE),
        Show=Show,
        today=_today(),
        levels={code: one.name.in_language(current.locale) for code, one in post_levels().items()},
        faults=read.faults[:_FAULTS_SHOWN] if read else (),
        fault_count=len(read.faults) if read else 0,
    )


@bp.get("/requirements/posts/<int:post_id>")
@require_permission(SET)
def requirements_of_post(post_id: int) -> str:
    """Show what a post requires, to be changed from a day on."""
    return _subject_page(Subject(post_id=post_id))


@bp.get("/requirements/levels/<code>")
@require_permission(SET)
def requirements_of_level(code: str) -> str:
    """Show what all posts of a level require that have nothing of their own."""
    return _subject_page(Subject(post_level=code))


def _subject_page(subject: Subject) -> str:
    view, words = open_subject(subject, locale=current.locale), load(SearchSchema, request.args)["words"]
    found = find_competencies(words, limit=_FOUND) if words.strip() else []
    own = own_levels([subject]).get(subject, {})
    return render_template(
        "competency/requirements/subject.html",
        view=view,
        lines=lines_of(view, own, on=_today(), found=[one.key for one in found]),
        history=history_of(subject),
        words=words,
        found=len(found),
        today=_today(),
        latest=max((row.valid_from for row in own.values()), default=None),
    )


@bp.post("/requirements/posts/<int:post_id>")
@require_permission(SET)
def set_post_requirements(post_id: int) -> Any:
    """Set what a post requires from a day on."""
    return _set(Subject(post_id=post_id), "competency.requirements_of_post", post_id=post_id)


@bp.post("/requirements/levels/<code>")
@require_permission(SET)
def set_level_requirements(code: str) -> Any:
    """Set what all posts of a level require from a day on."""
    return _set(Subject(post_level=code), "competency.requirements_of_level", code=code)


def _set(subject: Subject, endpoint: str, **where: Any) -> Any:
    open_subject(subject, locale=current.locale)
    basis: Basis = load(BasisSchema, request.form)
    levels: dict[str, int | None] = load(LevelsSchema, request.form)
    if foreign := sorted(set(levels) - competencies_by_key(levels).keys()):
        raise Invalid(
            {"levels": [_("This competency is in no approved dictionary of your agency: %(key)s", key=foreign[0])]}
        )
    changed = set_requirements({subject: levels}, basis)
    db.session.commit()
    flash(_("Stored.") if changed else _("Nothing was changed."))
    return redirect(url_for(endpoint, **where), 303)


@bp.post("/requirements/copy")
@require_permission(SET)
def copy_requirements() -> Any:
    """Give several posts what another one requires of its own."""
    posts, code, basis = load(CopySchema, {**request.form.to_dict(), "posts": request.form.getlist("posts")})
    source = db.session.scalar(select(Post.id).where(Post.code == code))
    own = own_levels([Subject(source)]).get(Subject(source), {}) if source else {}
    if not own:
        raise Invalid({"source": [_("There is no post with this code that has requirements of its own.")]})
    known = db.session.scalars(select(Post.id).where(Post.id.in_(posts)))
    levels = {key: row.level for key, row in own.items()}
    changed = set_requirements({Subject(post_id): levels for post_id in known if post_id != source}, basis)
    db.session.commit()
    flash(_("%(count)s requirements changed.", count=changed))
    return redirect(url_for("competency.requirements"), 303)


@bp.get("/requirements/export.<ending>")
@require_permission(SET)
def export_requirements(ending: str) -> Response:
    """Hand the requirements of all posts over, to be changed and read again."""
    return export_table(sheet_table(db.session.scalars(select(Post).order_by(Post.code))), ending)


@bp.post("/requirements/import")
@require_permission(SET)
def import_requirements() -> Any:
    """Set what a sheet says, or list every fault of it and set nothing."""
    basis: Basis = load(BasisSchema, request.form)
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise Invalid({"file": [_("Choose a file.")]})
    with closing(sent):
        read = read_sheet(read_upload(sent.stream, name=sent.filename, limit=LIMIT_BYTES))
    if read is None:
        raise FileRefused("no-headings")
    if read.faults:
        return _list(Listed(Show.ALL, "", 1), read=read), 422
    changed = set_requirements(read.wanted, basis)
    db.session.commit()
    flash(_("%(count)s requirements changed.", count=changed))
    return redirect(url_for("competency.requirements"), 303)
