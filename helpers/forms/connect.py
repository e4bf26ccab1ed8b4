"""Choose a host, give its key, and read what it can do today."""

import threading

import ipywidgets as widgets

from helpers import notes
from helpers.connection.identity import OPENAI_URL
from helpers.connection.keyring_store import KeyringUnavailableError, remember_key
from helpers.display.tables import paragraph
from helpers.forms.form import FOR_PEOPLE, Form, button, dropdown, hide, row, text
from helpers.forms.key_field import KeyField
from helpers.hosts import connect, current_host, drop_key, forget
from helpers.preflight import preflight

HOSTS = [
    ("The practice server on this computer (costs nothing)", "practice"),
    ("OpenAI (costs money)", "openai"),
    ("Another host with the same protocol", "other"),
]
ABOUT_KEYS = (
    "The key stays in the memory of this kernel and is not saved. Leave it empty to use the one in your environment, or the one "
    "that this computer remembers."
)
OTHER_NOTEBOOKS = "The other notebooks use this host from now on. In one that is open, run its first cell again."


class ConnectForm(Form):
    def __init__(self) -> None:
        chosen = notes.chosen_host() or "practice"
        self.host = dropdown("Host", HOSTS)
        self.host.value = chosen if chosen in ("practice", "openai") else "other"
        self.url = text("Address", chosen if self.host.value == "other" else "", "https://.../v1")
        self.remember = widgets.Checkbox(False, description="Remember the key in this computer's keyring", indent=False)
        self.forget = button("Forget the key", "")
        self.about = widgets.HTML(f"<small>{paragraph(ABOUT_KEYS)}</small>")
        self.key = KeyField(self.connect, label="Key")
        self.about_keys = widgets.VBox([row(self.remember, self.forget), self.about])
        super().__init__("Choose a host", 'connect("practice")', [self.host, self.url, self.key, self.about_keys])
        self.host.observe(lambda _: self._show(), "value")
        self.forget.on_click(lambda _: self.work(self.forget, self._forget))
        self._show()

    def _show(self) -> None:
        self.key.needed = self.host.value != "practice"
        hide(self.url, self.host.value != "other")
        hide(self.about_keys, not self.key.needed)

    def _address(self) -> str:
        return self.url.value.strip() if self.host.value == "other" else self.host.value

    def connect(self, key: str) -> None:
        """Called with what was typed. The work is done in a thread: a host may take long to answer."""
        if self.key.busy:
            return
        self.key.busy = True
        self.say_text("Connecting ...")
        threading.Thread(target=self._connect, args=(key,), name="course-form", daemon=True).start()

    def _connect(self, key: str) -> None:
        try:
            client = connect(self._address(), key=key or None, quiet=True)
            found = preflight(client)
            if not found.answers:
                drop_key(current_host(client).base_url)  # or an empty field would try the same key again
            after = [OTHER_NOTEBOOKS] if found.answers else []
            if self.remember.value and self.key.needed:
                after.append(self._remember(current_host(client).base_url, client.api_key, found.answers))
            self.say(found._repr_html_() + "".join(map(paragraph, after)))
        except FOR_PEOPLE as error:
            self.complain(error)
        finally:
            self.key.busy = False

    def _remember(self, base_url: str, key: str, accepted: bool) -> str:
        """Only a key that the host has accepted is worth keeping."""
        if not accepted:
            return "The key is not remembered, because the host did not accept it."
        try:
            return f"The key is remembered for this host ({remember_key(base_url, key)})."
        except KeyringUnavailableError as error:
            return str(error)

    def _forget(self) -> None:
        address = OPENAI_URL if self.host.value == "openai" else self._address().rstrip("/")
        was = forget(address)
        self.say_text(
            f"{'Forgotten' if was else 'No key was remembered'} for {address or 'this host: its address is empty'}."
        )


def connect_form() -> ConnectForm:
    """The form of notebook 00. The plain call is `connect(...)`, then `preflight(client)`."""
    return ConnectForm()
