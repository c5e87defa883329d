"""Which changes of the engine make the bench analyse its music again."""

from pathlib import Path

from bench.prints import code_of

MODULE = '''"""Tones."""

class Tone:
    """One tone."""

    def hertz(self) -> float:
        """How high it is."""
        return 440.0
'''


def test_words_change_no_code(tmp_path: Path) -> None:
    before, words, code = (tmp_path / name for name in ("before.py", "words.py", "code.py"))
    before.write_text(MODULE)
    words.write_text(MODULE.replace("How high it is.", "The pitch, in Hz.").replace("440.0", "440.0  # A4"))
    code.write_text(MODULE.replace("440.0", "441.0"))
    assert code_of(before) == code_of(words)
    assert code_of(before) != code_of(code)
