"""The parameters of a fingerprint. Their version is stored in each, and only equal versions are ever compared."""

from dataclasses import dataclass

PARAMETERS_VERSION = 2
LONGEST_S = 24 * 3600.0  # of a recording: what is decoded, stored, voted for and may be set as a limit goes by this


@dataclass(frozen=True)
class Parameters:
    """They are fixed for one version: whoever changes one also raises ``PARAMETERS_VERSION``."""

    sample_rate: int = 16_000  # Hz
    frame_samples: int = 2048  # 128 ms, Hann
    hop_samples: int = 1024  # 64 ms: one column of the stored spectrogram
    lowest_hz: float = 138.59  # eight semitones under 220 Hz, so that a pitch probe finds real data there
    rows: int = 70  # one a semitone
    bands_per_row: int = 2
    first_patch_row: int = 8  # the patch of an unshifted track: 220 Hz …
    patch_rows: int = 56  # … to 5.6 kHz, in two halves
    patch_columns: int = 8  # 1.02 s
    patch_step: int = 2  # hops between the columns of a patch
    dynamic_range_db: float = 75.0
    mean_columns: int = 63  # 4 s running mean
    level_step_db: float = 3.0  # one of the 16 stored levels

    @property
    def hop_s(self) -> float:
        """Seconds from one column of the spectrogram to the next."""
        return self.hop_samples / self.sample_rate


PARAMETERS = Parameters()
