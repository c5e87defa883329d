"""The settings of the catalog: what it takes, how much, and how it is analysed."""

from fingerprint_site.declared.setting import Section, Setting

SECTIONS = (
    Section(
        "Uploads and analysis",
        (
            Setting(
                "FINGERPRINT_INDEX",
                "str",
                "`milvus://user:password@host:port/name` for a Milvus cluster (`milvus+tls://` with TLS), "
                "special characters of the password percent-encoded; needs `pip install -r "
                "requirements-milvus.txt` ([scaling.md](scaling.md))",
                default="",
                shown="FAISS, in files on this host",
            ),
            Setting(
                "MILVUS_TIMEOUT_SECONDS",
                "float",
                "longest wait for one answer of the cluster",
                default=60.0,
                least=1,
                most=600,
            ),
            Setting(
                "FALSE_ACCEPT_LIMIT",
                "float",
                "a match is a duplicate if chance gives such a match less often than this per check; smaller "
                "is stricter ([engine.md](engine.md#reading-a-match))",
                default=0.0001,
                least=1e-12,
                most=0.1,
            ),
            Setting(
                "WHOLE_SHARE",
                "float",
                "share of what sounds in a recording from which a match is all of it; fades, a missing intro and "
                "masked moments take the rest",
                default=0.8,
                least=0.5,
                most=0.99,
            ),
            Setting(
                "JOINED_SHARE",
                "float",
                "share of an upload from which a whole track of the catalog in it makes it a duplicate: a copy with "
                "something joined to it; a smaller share is a mix",
                default=0.2,
                least=0.01,
                most=0.99,
            ),
            Setting(
                "MATCHES_KEPT",
                "int",
                "most matches that a check or a scan stores for one track, the closest first",
                default=1_000,
                least=1,
                most=10_000,
            ),
            Setting(
                "NAMING_CPU_SECONDS_PER_MINUTE",
                "float",
                "CPU seconds that naming all recordings may take for each minute of an upload; then the answer says "
                "that there may be more",
                default=2.5,
                least=0.1,
                most=600,
            ),
            Setting(
                "FORMATS_BEYOND_CONTRACT",
                "list",
                "formats taken beside mp3, wav, flac, m4a, aac and ogg; `video` is the sound of videos",
                default=["aiff", "caf", "w64", "au", "wma", "wavpack", "ape", "tta", "matroska", "video"],
            ),
            Setting(
                "MAX_UPLOAD_MB",
                "int",
                "largest upload; a larger one is refused while it arrives",
                default=50,
                least=1,
                most=10_000,
            ),
            Setting(
                "ACCOUNT_MAX_TRACKS",
                "int",
                "tracks of one account; `0` for no limit; an upload over it is refused with 422",
                default=0,
                least=0,
                most=1_000_000_000_000,
            ),
            Setting(
                "ACCOUNT_MAX_MB",
                "int",
                "megabytes of one account's files together; `0` for no limit; uploads at the same moment may exceed it",
                default=0,
                least=0,
                most=1_000_000_000_000,
            ),
            Setting(
                "MAX_FINGERPRINT_KB",
                "int",
                "largest fingerprint that a client may upload in place of audio; an hour of music has about 1,500 kB",
                default=2_500,
                least=16,
                most=100_000,
            ),
            Setting(
                "ACCOUNT_MAX_UNCONFIRMED_HOURS",
                "float",
                "hours of one account's own fingerprints that staff have not confirmed; more are refused with 422",
                default=50.0,
                least=0,
                most=500,
            ),
            Setting(
                "MAX_AUDIO_SECONDS",
                "int",
                "longest recording; a longer one is refused, never cut",
                default=3_600,
                least=10,
                most=86_400,
            ),
            Setting(
                "DECODE_WALL_SECONDS",
                "int",
                "longest time the decoding child may take",
                default=120,
                least=5,
                most=3_600,
            ),
            Setting(
                "DECODE_MEMORY_MB",
                "int",
                "address space of the decoding child",
                default=2_048,
                least=256,
                most=65_536,
            ),
            Setting(
                "REMOVED_KEPT_HOURS",
                "float",
                "hours in which a removed track can be restored; then its audio is deleted unless another has it",
                default=24.0,
                least=0,
                most=8_760,
            ),
            Setting(
                "DISK_RESERVE_MB",
                "int",
                "if less is free in `DATA_DIR`, uploads are refused with 503",
                default=500,
                least=10,
                most=1_000_000,
            ),
        ),
    ),
)
