"""Keys that the learner asked to be remembered, in the keyring of the operating system. Never in a file of the course.

The keyring is the Keychain on macOS, the Credential Locker on Windows, Secret Service or KWallet on a Linux desktop.
Where there is none (a server, a container), a key can be typed again or set in the environment.

Anybody can write a backend for the keyring library, and its KeyringError does not cover even the library's own: the
one for Windows passes on pywintypes.error, that for Secret Service the exceptions of secretstorage, that for KWallet
dbus.DBusException. These can only be imported where the backend is. So every exception of a backend is caught here.
None may keep a learner from a host, and none is shown as it is: it may carry the key that the backend was given.
"""

import keyring
from keyring.errors import NoKeyringError

SERVICE = "fine-tuning course"  # the name under which the keyring shows the entries; the user is the host's address


class KeyringUnavailableError(RuntimeError):
    """This computer's keyring cannot be used. The message says what to do instead."""


def remember_key(base_url: str, key: str) -> str:
    """Store a host's key; returns the name of the keyring that has it. Raises KeyringUnavailableError."""
    try:
        keyring.set_password(SERVICE, base_url, key)
    except Exception as error:
        raise _unavailable(error) from None
    return keyring.get_keyring().name


def remembered_key(base_url: str) -> str | None:
    """A host's key, if one was remembered and the keyring can be read."""
    try:
        return keyring.get_password(SERVICE, base_url)
    except Exception:
        return None


def forget_key(base_url: str) -> bool:
    """Remove a host's key from the keyring; says whether there was one."""
    if remembered_key(base_url) is None:
        return False
    try:
        keyring.delete_password(SERVICE, base_url)
    except Exception as error:
        raise _unavailable(error) from None
    return True


def _unavailable(error: Exception) -> KeyringUnavailableError:
    why = "there is none" if isinstance(error, NoKeyringError) else f"it answered: {type(error).__name__}"
    return KeyringUnavailableError(
        f"The keyring of this computer cannot be used ({why}), so the key is not remembered. It works until this "
        "kernel ends. To have it next time, type it again, or set it in the environment before you start JupyterLab."
    )
