"""``python -m catalog.engine.training FOLDER...``: learn the stored model from folders of music."""

from catalog.engine.training.learn import main

if __name__ == "__main__":
    main()
