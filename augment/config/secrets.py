"""What looks like a key: a config, and so the manifest of a run, may hold none.

secret_in({"headers": {"X-Api-Key": "abc"}})      # "headers.X-Api-Key"
secret_in({"seed": 5, "prompt_cache_key": "a"})   # None
"""

import re
from collections.abc import Mapping

# Ends of names, without marks and case. `prompt_cache_key`, `max_tokens` and `eos_token` are none of them.
_ENDS = (
    *("apikey", "accesskey", "secretkey", "privatekey", "subscriptionkey", "authkey", "licensekey"),
    *("accesstoken", "authtoken", "apitoken", "idtoken", "refreshtoken", "bearertoken", "sessiontoken"),
    *("password", "passwd", "passphrase", "secret", "authorization", "credential", "credentials", "cookie"),
)
_WHOLE = {"key", "token", "auth", "bearer", "hftoken", "pwd"}
# How keys of well-known services begin, how a header has one, and signed tokens.
_VALUES = re.compile(
    r"\b(?:[Bb]earer|Basic)\s+(?=\S*[\d=])[\w.~+/=-]{6,}|\b(?:sk|pk|rk)-(?=[\w-]*\d)[\w-]{8,}|\bhf_\w{16,}|\bgsk_\w{16,}|\bxai-\w{16,}"
    r"|\bAIza[\w-]{20,}|\bAKIA[0-9A-Z]{12,}|\bgh[pousr]_\w{16,}|\bgithub_pat_\w{16,}|\bglpat-[\w-]{16,}|\bxox[a-z]-[\w-]{8,}"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.|-----BEGIN [A-Z ]*PRIVATE KEY|//[^/@\s]*:[^/@\s]*@",
    re.ASCII,
)


def secret_in(value: object, at: str = "") -> str | None:
    """Return the dotted path of the first value that looks like a key, by its name or by itself; None if none does."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            inside = f"{at}.{name}".strip(".")
            if inner is not None and _is_named(str(name)):
                return inside
            deeper = secret_in(inner, inside)
            if deeper is not None:
                return deeper
        return None
    if isinstance(value, list | tuple):
        return next((path for inner in value if (path := secret_in(inner, at)) is not None), None)
    return at if isinstance(value, str) and _VALUES.search(value) else None


def _is_named(name: str) -> bool:
    """Return whether a name is that of a key or a password."""
    plain = re.sub(r"[^a-z0-9]", "", name.casefold())
    return plain in _WHOLE or plain.endswith(_ENDS)
