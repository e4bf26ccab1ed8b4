"""Choose a host, give its key, and read what it can do today."""

import threading

import ipywidgets as widgets

from helpers import notes
from helpers.forms.base import FOR_PEOPLE, Form, dropdown, text
from helpers.forms.key_field import KeyField
from helpers.hosts import connect
from helpers.preflights import preflight

HOSTS = [
    ("The practice server on this computer (costs nothing)", "practice"),
    ("OpenAI (costs money)", "openai"),
    ("Another host with the same protocol", "other"),
]


class ConnectForm(Form):
    def __init__(self) -> None:
        chosen = notes.chosen_host() or "practice"
        self.host = dropdown("Host", HOSTS)
        self.host.value = chosen if chosen in ("practice", "openai") else "other"
        self.url = text("Address", chosen if self.host.value == "other" else "", "https://.../v1")
        self.key = KeyField(self.connect, label="Key")
        self.note = widgets.HTML()
        super().__init__("Choose a host", 'connect("practice")', [self.host, self.url, self.key, self.note])
        self.host.observe(lambda _: self._show(), "value")
        self._show()

    def _show(self) -> None:
        self.url.layout.display = "" if self.host.value == "other" else "none"
        self.key.needed = self.host.value != "practice"
        paid = "The key stays in the memory of this kernel. It is not saved. Leave it empty to use the one in your environment."
        self.note.value = f"<small>{paid}</small>" if self.key.needed else ""

    def connect(self, key: str) -> None:
        """Called with what was typed. The work is done in a thread: a host may take long to answer."""
        if self.key.busy:
            return
        self.key.busy = True
        self.say_text("Connecting ...")
        threading.Thread(target=self._connect, args=(key,), name="course-form", daemon=True).start()

    def _connect(self, key: str) -> None:
        try:
            host = self.url.value.strip() if self.host.value == "other" else self.host.value
            client = connect(host, key=key or None, quiet=True)
            after = (
                "<p>The other notebooks use this host from now on. In one that is open, run its first cell again.</p>"
            )
            self.say(preflight(client)._repr_html_() + after)
        except FOR_PEOPLE as error:
            self.complain(error)
        finally:
            self.key.busy = False


def connect_form() -> ConnectForm:
    """The form of notebook 00. The plain call is `connect(...)`, then `preflight(client)`."""
    return ConnectForm()
