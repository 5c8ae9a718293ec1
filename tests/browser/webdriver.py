"""A browser that a test sits in front of: Chromium without a window, moved by chromedriver, as W3C WebDriver has it.

Only what the tests need. Elements are looked for by a CSS selector and are plain strings; what the protocol refuses
is a Refused."""
import base64
import http.client
import json
import os
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "program"))
from running import SECONDS_MAX, Running

CHROMIUM, CHROMEDRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # WebDriver 11: the name of a reference in JSON
# WebDriver 17.4.2: keys that are no character.
KEYS = {"Backspace": "\ue003", "Tab": "\ue004", "Enter": "\ue007", "Shift": "\ue008", "Control": "\ue009",
        "Escape": "\ue00c", "Up": "\ue013", "Down": "\ue015"}
# No proxy, and nothing of its own that goes out; shared memory of a container is small.
OPTIONS = ["--headless=new", "--no-proxy-server", "--disable-background-networking", "--disable-component-update",
           "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run", "--lang=en"]


class Refused(Exception):
    """The protocol's error, and what was said about it."""


class Browser:
    def __init__(self, *more):
        """`more`: options of Chromium's own."""
        for program in (CHROMIUM, CHROMEDRIVER):
            if not os.path.exists(program):
                raise FileNotFoundError(f"there is no {program}: `./dev test browser` installs it")
        self.session = None
        self.driver = Running([CHROMEDRIVER, "--port=0"])
        self.port = int(self.driver.out.wait_for(r"started successfully on port (\d+)").group(1))
        # Chromium's sandbox does not start for root.
        options = OPTIONS + list(more) + (["--no-sandbox"] if os.geteuid() == 0 else [])
        made = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"binary": CHROMIUM, "args": options},
            "goog:loggingPrefs": {"browser": "ALL"}}}})
        self.session = made["sessionId"]

    def close(self):
        if self.session:
            self.ask("DELETE", "")
        self.driver.stop()
        self.driver.clean_up()

    def ask(self, method, path, body=None):
        """One command; in a session all paths are below it."""
        below = f"/session/{self.session}" if self.session else ""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2 * SECONDS_MAX)
        connection.request(method, below + path, json.dumps(body or {}) if method == "POST" else None,
                           {"Content-Type": "application/json"})
        value = json.loads(connection.getresponse().read())["value"]
        connection.close()
        if isinstance(value, dict) and "error" in value:
            raise Refused(f"{value['error']}: {value['message']}")
        return value

    def cdp(self, command, **parameters):
        """A command of Chromium's own protocol."""
        return self.ask("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def open(self, url):
        self.ask("POST", "/url", {"url": url})

    def back(self):
        self.ask("POST", "/back")

    def url(self):
        return self.ask("GET", "/url")

    def run(self, script, *arguments):
        """What a function with this body returns; it runs beside the page's own scripts, switched off or not."""
        return self.ask("POST", "/execute/sync", {"script": script, "args": arguments})

    def run_async(self, script, *arguments):
        """What a script hands to the function that is its last argument."""
        return self.ask("POST", "/execute/async", {"script": script, "args": arguments})

    def find(self, selector):
        return self.ask("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def click(self, element):
        """As with a pointer: it is scrolled to, and refused where something else lies over it."""
        self.ask("POST", f"/element/{element}/click")

    def role(self, element):
        """What it is to somebody who hears the page."""
        return self.ask("GET", f"/element/{element}/computedrole")

    def press(self, *keys, holding=None):
        """Keys one after another: names of KEYS, or texts to be typed."""
        typed = [character for key in keys for character in (KEYS[key] if key in KEYS else key)]
        strokes = [{"type": kind, "value": key} for key in typed for kind in ("keyDown", "keyUp")]
        if holding:
            strokes = [{"type": "keyDown", "value": KEYS[holding]}, *strokes, {"type": "keyUp", "value": KEYS[holding]}]
        self.ask("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": strokes}]})

    def hover(self, element):
        self.ask("POST", "/actions", {"actions": [{
            "type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"},
            "actions": [{"type": "pointerMove", "duration": 0, "x": 0, "y": 0, "origin": {ELEMENT: element}}]}]})

    def screen(self, width, scheme, height=800):
        """A screen so wide, under the fingers where it is narrow; the reader prefers a scheme, light or dark."""
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                 mobile=width < 600)
        self.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def switch_scripts(self, on):
        self.cdp("Emulation.setScriptExecutionDisabled", value=not on)

    def screenshot(self, path):
        Path(path).write_bytes(base64.b64decode(self.ask("GET", "/screenshot")))

    def said(self):
        """What the console got since it was last asked: [(level, message)]."""
        return [(entry["level"], entry["message"]) for entry in self.ask("POST", "/se/log", {"type": "browser"})]
