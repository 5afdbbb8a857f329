"""The form says of the field that has the keys what it takes, whole, however narrow it is."""

from textual.widgets import Static

from cronterm.config.words import WORDS
from cronterm.tui.screens.form import UNSEEN, JobForm
from cronterm.tui.widgets.choice_line import ChoiceLine
from cronterm.tui.widgets.hint_line import HintLine
from cronterm.tui.widgets.word_row import PLAIN, SectionHead, WordRow
from tests.tui.scene import app
from tests.tui.test_given import GivingControl
from tests.tui.test_screens import is_filled, on_dashboard, wait_for


async def test_every_field_is_explained_whole_while_it_has_the_keys() -> None:
    async with app(GivingControl()).run_test(size=(80, 24)) as pilot:
        await on_dashboard(pilot)
        await pilot.press("e")
        await wait_for(pilot, lambda: is_filled(pilot.app.screen))
        form = pilot.app.screen
        assert isinstance(form, JobForm)
        hint, fields = form.query_one(HintLine), form.query_one("#form-fields")

        def says(text: str) -> bool:
            return text in " ".join(str(hint.render()).split())

        async def is_explained(row: WordRow) -> None:
            row.field.focus()
            if isinstance(row.field, ChoiceLine) and row.word not in PLAIN:
                await wait_for(pilot, lambda: not hint.display)
                return
            await wait_for(pilot, lambda: says(WORDS.get(row.word, "at most 64")))
            await wait_for(pilot, lambda: fields.region.contains_region(row.field.region))

        for row in form.query(WordRow):
            await is_explained(row)
        for head in form.query(SectionHead):  # one at a time: all of them take long to draw
            head.action_fold()
            made = [f"#f-{word}" for word in head.words]
            await wait_for(pilot, lambda made=made: all(map(form.query, made)))  # type: ignore[misc]
            for word in head.words:
                await is_explained(form.rows[word])
            head.action_fold()
        assert {*form.rows} == {"name", *WORDS} - {*UNSEEN}
        form.query_one("#f-working_dir").focus()
        await wait_for(pilot, lambda: says("from defaults: ~"))
        first = form.query(SectionHead).first()
        first.focus()
        await wait_for(pilot, lambda: says(", ".join(first.words)))
        assert hint.region.bottom <= form.query_one("#form-status", Static).region.y
