"""Recipes: defaults, a file, and refusals that name the key."""

from __future__ import annotations

import pytest

from engine.causalnet import PUBLISHED
from engine.errors import ConfigError
from train.augment import NOTHING
from train.recipe import RECIPES, Recipe, fingerprint, load_recipe, recipe_table


def write(tmp_path, text):
    path = tmp_path / "recipe.toml"
    path.write_text(text)
    return path


def test_published_recipe_is_the_released_one():
    recipe = load_recipe("published")
    assert recipe.model == PUBLISHED and recipe.augment == NOTHING
    assert (recipe.epochs, recipe.batch, recipe.learning_rate, recipe.weight_decay) == (200, 0, 5e-5, 0.0)


def test_file_changes_only_its_keys(tmp_path):
    path = write(
        tmp_path, "epochs = 3\nlearning_rate = 1\n[model]\nrepeats = [2, 1, 1]\n[augment]\nmirror = 0.0\n"
    )
    recipe = load_recipe("compact", path)
    assert (recipe.epochs, recipe.learning_rate, recipe.batch) == (3, 1.0, RECIPES["compact"].batch)
    assert recipe.model.repeats == (2, 1, 1) and recipe.model.dim == 32
    assert recipe.augment.mirror == 0.0 and recipe.augment.reverse == 0.5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("epoch = 3", "unknown key 'epoch'"),
        ("[model]\nwidth = 3", "model: unknown key 'width'"),
        ("epochs = 'many'", "epochs must be like 30"),
        ("one_cycle = 1", "one_cycle must be like True"),
        ("model = 3", "model is a table"),
        ("epochs = 0", "must be positive"),
        ("learning_rate = nan", "learning_rate must be a finite number, not nan"),
        ("augment = { noise = inf }", "noise must be a finite number, not inf"),
        ("epochs = ", "not valid TOML"),
    ],
)
def test_wrong_files_are_one_line(tmp_path, text, said):
    with pytest.raises(ConfigError, match=said):
        load_recipe("compact", write(tmp_path, text))


def test_unknown_model_and_missing_file(tmp_path):
    with pytest.raises(ConfigError, match="unknown model 'huge'"):
        load_recipe("huge")
    with pytest.raises(ConfigError, match="No such file"):
        load_recipe("compact", tmp_path / "nothing.toml")


def test_fingerprint_sees_every_value():
    table = recipe_table(Recipe())
    assert fingerprint(table) == fingerprint(recipe_table(Recipe()))
    assert fingerprint(table) != fingerprint(recipe_table(Recipe(label_smoothing=0.11)))
