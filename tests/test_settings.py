"""The settings' rows: what each text means, and which ones are refused."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from gamesvc import logs, settings
from gamesvc.settings import CONFIG_FILE, SETTINGS, Setting
from tests.setting_values import DEFAULTS, SWITCHES, bad, good

NAMED = {setting.name: setting for setting in SETTINGS}


def meant(setting: Setting, text: str) -> object:
    """What a text means, as a value of the Config."""
    value = setting.parse(text)
    return (value,) if setting.repeatable else value


class Rows(SynchronousTestCase):
    def test_no_two_are_called_the_same(self) -> None:
        rows = (*SETTINGS, CONFIG_FILE)
        self.assertEqual(len({row.name for row in rows}), len(rows))
        self.assertEqual(len({row.environment for row in rows}), len(rows))

    def test_a_default_is_a_good_value(self) -> None:
        for setting in SETTINGS:
            given = None if setting.default is None else [setting.parse(each) for each in setting.default.split()]
            wanted = DEFAULTS[setting.name]
            if setting.repeatable:
                self.assertEqual(tuple(given or ()), wanted)
            else:
                self.assertEqual(given, None if wanted is None else [wanted], setting.name)

    def test_a_good_value_means_what_it_says(self) -> None:
        for setting in SETTINGS:
            text, value, _ = good(setting)
            self.assertEqual(meant(setting, text), value)

    def test_a_bad_one_is_refused_with_what_would_be_right(self) -> None:
        for setting in SETTINGS:
            for text, right in bad(setting):
                self.assertIn(right, str(self.assertRaises(ValueError, setting.parse, text)), setting.name)

    def test_those_that_are_on_or_off_are_known_as_such(self) -> None:
        self.assertEqual(tuple(setting.name for setting in SETTINGS if setting.is_switch), SWITCHES)


class Values(SynchronousTestCase):
    def test_games_may_be_kept_in_memory_a_file_or_a_database(self) -> None:
        for text in (
            *("memory", "sqlite:games.sqlite", "sqlite:/var/lib/gamesvc/games.sqlite", "sqlite:C:games", "sqlite: "),
            *("postgresql://db.example/games", "postgres://alice:p%40ss@db.example:5432/games?sslmode=require"),
        ):
            self.assertEqual(NAMED["journal"].parse(text), text)

    def test_a_switch_takes_the_usual_words(self) -> None:
        for text in ("True", "true", "TRUE", "1", "yes", "on"):
            self.assertIs(NAMED["enable-auth"].parse(text), True, text)
        for text in ("False", "false", "0", "no", "Off", ""):
            self.assertIs(NAMED["enable-auth"].parse(text), False, text)

    def test_the_log_knows_every_level_that_can_be_set(self) -> None:
        self.assertEqual(settings.LOG_LEVELS, logs.LOG_LEVELS)
