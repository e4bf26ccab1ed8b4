"""Choose a host, give its key, and read what it can do today."""

import threading

import ipywidgets as widgets

from helpers import notes
from helpers.connection.errors import HostUnavailableError
from helpers.connection.identity import OPENAI_URL, address_of
from helpers.connection.keyring_store import KeyringUnavailableError, remember_key
from helpers.connection.keys import forget
from helpers.display.form_card import ERROR, SUCCESS
from helpers.display.tables import paragraph
from helpers.explain import explain
from helpers.forms.form import Form, button, dropdown, hide, row, text
from helpers.forms.key_field import KeyField
from helpers.hosts import connect, current_host
from helpers.preflight import preflight

HOSTS = [
    ("The practice server on this computer (costs nothing)", "practice"),
    ("OpenAI (costs money)", "openai"),
    ("Another host with the same protocol", "other"),
]
ABOUT_KEYS = (
    "The key stays in the memory of this kernel and is not saved. Leave it empty to use the one in your environment, "
    "or the one that this computer remembers."
)
OTHER_NOTEBOOKS = "The other notebooks use this host from now on. In one that is open, run its first cell again."
KEY_ONLY_HERE = (
    "The key itself is in the memory of this notebook only. In another one, run connect_form() in a cell and give it "
    "again, or tick Remember here first."
)
NOT_REMEMBERED = "The key is not remembered, because the host did not accept it."
NO_ADDRESS = "Address: found nothing; expected the address of the other host, such as https://.../v1. Nobody was asked."


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

    def connect(self, key: str) -> None:
        """Called with what was typed. The work is done in a thread: a host may take long to answer."""
        if self.key.busy:
            return
        self.key.busy = True
        self.say_text("Connecting ...")
        named = (self.host.value, self.url.value)  # as they stand beside the key at this moment
        threading.Thread(target=self._connect, args=(key, *named), name="course-form", daemon=True).start()

    def _connect(self, key: str, chosen: str, url: str) -> None:
        try:
            with self.telling():
                self._try_host(_host(chosen, url), key)
        finally:
            self.key.busy = False

    def _try_host(self, host: str, key: str) -> None:
        try:
            self._show_host(host, key)
        except HostUnavailableError as error:
            after = [NOT_REMEMBERED] if self.remember.value else []
            self.say(explain(error)._repr_html_() + "".join(map(paragraph, after)), kind=ERROR)

    def _show_host(self, host: str, key: str) -> None:
        client = connect(host, key=key or None, quiet=True)
        after = [OTHER_NOTEBOOKS]
        if self.remember.value and self.key.needed:
            after.append(self._remember(current_host(client).base_url, client.api_key))
        elif key and self.key.needed:
            after.append(KEY_ONLY_HERE)
        self.say(preflight(client)._repr_html_() + "".join(map(paragraph, after)), kind=SUCCESS)

    def _remember(self, base_url: str, key: str) -> str:
        """Called when the host has accepted the key: no other is worth keeping."""
        try:
            return f"The key is remembered for this host ({remember_key(base_url, key)})."
        except KeyringUnavailableError as error:
            return str(error)

    def _forget(self) -> None:
        host = _host(self.host.value, self.url.value)
        address = OPENAI_URL if host == "openai" else host
        was = forget(address)
        self.say_text(f"{'Forgotten' if was else 'No key was remembered'} for {address}.", kind=SUCCESS if was else "")


def _host(chosen: str, url: str) -> str:
    """The host as `connect` takes it. Raises ValueError for another host without an address: a key would go astray."""
    if chosen != "other":
        return chosen
    if not url.strip():
        raise ValueError(NO_ADDRESS)
    return address_of(url)


def connect_form() -> ConnectForm:
    """The form of notebook 00. The plain call is `connect(...)`, then `preflight(client)`."""
    return ConnectForm()
