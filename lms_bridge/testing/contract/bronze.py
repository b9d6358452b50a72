"""Bronze: it loads, keeps to itself, and its tables come and go."""

from __future__ import annotations

import pytest

from lms_bridge.testing.contract import revisions, source
from lms_bridge.testing.contract.base import Contract, refuse
from lms_bridge.testing.contract.subject import Subject, fail

bronze = pytest.mark.grade("bronze")


class Bronze(Contract):
    """The first grade."""

    @bronze
    def test_it_loads(self, subject: Subject) -> None:
        """The bridge loads it."""
        assert subject.declaration.name == self.plugin

    @bronze
    def test_it_imports_only_the_api(self, subject: Subject) -> None:
        """Of the bridge it imports lms_bridge.api, and nothing of other plugins."""
        refuse(
            source.foreign_imports(subject.package),
            "Import what you need from lms_bridge.api: everything else may change without notice, and other plugins "
            "may not be there.",
        )

    @bronze
    def test_it_stays_at_its_own_address(self, subject: Subject) -> None:
        """All its pages lie below /p/<name>/."""
        name, package = subject.declaration.name, subject.state.found.module.partition(".")[0]
        views = subject.app.view_functions
        own = [
            str(rule)
            for rule in subject.app.url_map.iter_rules()
            if views[rule.endpoint].__module__.partition(".")[0] == package
        ]
        faults = [rule for rule in own if not rule.startswith(f"/p/{name}/")]
        refuse(faults, f"Add pages to the blueprint {self.plugin} only, so that they lie below /p/{self.plugin}/.")

    @bronze
    def test_its_templates_lie_in_a_folder_of_its_name(self, subject: Subject) -> None:
        """No template of it can be taken for one of another plugin, or of the bridge."""
        refuse(
            source.stray_templates(subject.package, self.plugin),
            f"Move these into templates/{self.plugin}/: all plugins share one set of names, and the first found wins.",
        )

    @bronze
    def test_its_tables_carry_its_name(self, subject: Subject) -> None:
        """What its migrations make starts with its name."""
        made = revisions.take_down(subject.app, subject.branch)
        refuse(
            sorted(name for name in made if not name.startswith(f"{self.plugin}_")),
            f"Rename these tables, in the models and in the migrations, so that they start with {self.plugin}_.",
        )

    @bronze
    def test_its_migrations_go_down_and_up(self, subject: Subject) -> None:
        """Its migrations can be undone to nothing and run again."""
        mine = {table.name for table in subject.tables}
        try:
            gone = revisions.take_down(subject.app, self.plugin)
        except Exception as error:
            fail(f"downgrade() raises {type(error).__name__}: {error}. Let it undo what upgrade() does.")
        refuse(sorted(mine - gone), "Let downgrade() drop these tables: a plugin must be able to leave.")
        if reason := revisions.bring_up(subject.app, self.plugin):
            fail(
                f"After downgrade() the upgrade fails ({reason}). Let downgrade() undo everything that upgrade() does."
            )

    @bronze
    def test_its_migrations_make_what_its_models_say(self, subject: Subject) -> None:
        """Migrations and models agree."""
        refuse(
            revisions.differences(subject.app, subject.branch),
            f'Bring the tables to the models: lms-bridge db makemigration {self.plugin} -m "...". Read what it wrote.',
        )
