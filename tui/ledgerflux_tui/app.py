"""The dashboard: wires a source, the state, the views, the keys and the one clock.

Sources write the state, the clock pulls the panels that can be seen, panels paint the rows that
changed. Nothing here knows what a panel shows.
"""

from collections.abc import Callable
from time import monotonic, thread_time

from textual import events
from textual.app import App, ComposeResult
from textual.screen import Screen
from textual.widgets import ContentSwitcher
from textual.worker import WorkerFailed

from ledgerflux.model.units import NANOS_PER_S
from ledgerflux_tui import themes
from ledgerflux_tui.acts import Acts
from ledgerflux_tui.clock import Beat, Pace, is_due
from ledgerflux_tui.following import Following
from ledgerflux_tui.keys import find
from ledgerflux_tui.main_screen import MainScreen
from ledgerflux_tui.modals.palette import Palette
from ledgerflux_tui.options import Options
from ledgerflux_tui.orders import Orders
from ledgerflux_tui.panels.bars import FooterBar, StatusBar
from ledgerflux_tui.panels.line_panel import LinePanel
from ledgerflux_tui.panels.prompt import Prompt
from ledgerflux_tui.panels.replay import ReplayBar
from ledgerflux_tui.panels.tiny import TinyPanel
from ledgerflux_tui.present.status_line import Held
from ledgerflux_tui.sources.base import Source
from ledgerflux_tui.state.view_state import ViewState
from ledgerflux_tui.svg import selfcontained
from ledgerflux_tui.views.base import View
from ledgerflux_tui.views.registry import VIEWS

NOTE_NS = 3 * NANOS_PER_S
"""How long the footer says what an action did."""


class Dashboard(App[None]):
    """`lf tui`.

    Args:
        source: Feeds the state.
        options: How it was started.
        now_ns: UTC that never goes back: the clock of everything on the screen.
    """

    CSS_PATH = "app.tcss"
    TITLE = "LedgerFlux"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 -- declared so by the library
        (0, "-tiny"), (50, "-narrow"), (80, "-normal"), (120, "-wide"),
    ]  # fmt: skip
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012
        (0, "-flat"), (14, "-low"), (24, "-mid"), (36, "-high"),
    ]  # fmt: skip

    def __init__(self, source: Source, options: Options, now_ns: Callable[[], int]) -> None:
        # Colours of the terminal's own are those that can be left out altogether.
        super().__init__(ansi_color=None if options.colours else True)
        for theme in themes.THEMES.values():
            self.register_theme(theme)
        self.theme = options.theme if options.colours else themes.COLOURLESS
        self.options = options
        self.source = source
        self.now_ns = now_ns
        self.state = ViewState()
        self.frozen: ViewState | None = None
        self.held: Held | None = None
        self.crash: BaseException | None = None
        self.painted_s = 0.0
        self.view = self.view_before = options.view
        self.following = Following(source)
        self._pace = Pace(options.fps)
        self._beat = Beat()
        self._acts = Acts(self)
        self.orders = Orders(self)
        self._tick_count = 0
        self._events_held = 0
        self._note: tuple[str, int] = ("", 0)
        self._views: dict[str, View] = {}
        self._replay_bar = ReplayBar("replay-bar")
        self._status = StatusBar("status")
        self._tiny = TinyPanel("tiny")
        self._footer = FooterBar("footer")

    # -- wiring ----------------------------------------------------------------------------

    def get_default_screen(self) -> Screen[None]:
        """Return the one screen."""
        return MainScreen(id="main")

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return our own colours for themes that have none."""
        return themes.DEFAULTS

    def compose(self) -> ComposeResult:
        """Make the view that is shown first; the others after the first frame."""
        self._views = {view.NAME: view() for view in VIEWS}
        yield self._status
        yield self._replay_bar
        with ContentSwitcher(id="views", initial=self.options.view):
            yield self.current_view
        yield self._tiny
        yield Prompt()
        yield self._footer

    def on_mount(self) -> None:
        """Begin to feed, and to paint."""
        self.state.clocks.fps_asked = self.state.clocks.fps = self.options.fps
        self.state.clocks.now_ns = self.now_ns()
        self.action_focus_view()
        self.call_after_refresh(self._begin)
        if self.options.clock == "free":
            self.set_timer(0.01, self._tick)

    def _handle_exception(self, error: Exception) -> None:
        self.crash = error.error if isinstance(error, WorkerFailed) else error
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """Leave the terminal as it was; whoever started us tells what happened."""
        self._close_messages_no_wait()

    async def _begin(self) -> None:
        """Feed the state, and make the other views; views are never made anew."""
        self.run_worker(self.source.run(self.state), name="source")
        others = [view for view in self._views.values() if view is not self.current_view]
        for view in others:
            view.display = False
        await self._main.query_one(ContentSwitcher).mount_all(others)

    # -- the clock -------------------------------------------------------------------------

    def _tick(self) -> None:
        begun_s = thread_time()
        self.tick()
        work_s = thread_time() - begun_s
        self._pace.worked(work_s + self.painted_s)
        self.painted_s = 0.0
        self.state.clocks.fps = self._pace.fps
        self.set_timer(self._beat.wait_s(monotonic(), self._pace.fps), self._tick)

    def tick(self) -> None:
        """Pull every panel that is seen and due."""
        self.state.clocks.now_ns = self.now_ns()
        self.following.settle(self.state.selected, self.state.clocks.now_ns)
        self._replay_bar.display = self.state.replay.plays and self.view != "replay"
        if self.held is not None:
            self.held = self.held._replace(
                events=self.state.markets.events_total - self._events_held
            )
        fps = self.state.clocks.fps
        for panel in self.seen:
            if is_due(self._tick_count, fps, panel.hz):
                self.pull(panel)
        self._tick_count += 1

    @property
    def picture(self) -> ViewState:
        """Return what is shown: the state, or what it was when it was frozen."""
        return self.state if self.frozen is None else self.frozen

    def hold(self) -> None:
        """Freeze the picture; the state goes on."""
        self.frozen = self.state.frozen()
        self.held = Held(self.now_ns(), 0)
        self._events_held = self.state.markets.events_total

    def let_go(self) -> None:
        """Show the state again."""
        self.frozen = self.held = None

    @property
    def seen(self) -> list[LinePanel]:
        """Return the panels that can be seen."""
        above = list(self.screen.query(LinePanel)) if len(self.screen_stack) > 1 else []
        panels = [
            self._status,
            self._replay_bar,
            self._footer,
            self._tiny,
            *self.current_view.panels,
            *above,
        ]
        return [panel for panel in panels if panel.display and panel.size.area]

    def pull(self, panel: LinePanel) -> None:
        """Let a panel take what it shows now."""
        panel.pull(self.picture if panel.held else self.state)

    def pull_all(self) -> None:
        """Let every panel that is seen take what it shows now."""
        for panel in self.seen:
            self.pull(panel)

    def as_text(self) -> str:
        """Return everything that is shown, as text."""
        main = self._main
        assert isinstance(main, MainScreen)
        return main.as_text()

    def as_svg(self) -> str:
        """Return everything that is shown, as an SVG."""
        return selfcontained(self.export_screenshot(title="LedgerFlux"))

    # -- views and focus -------------------------------------------------------------------

    @property
    def _main(self) -> Screen[object]:
        return self.screen_stack[0]

    @property
    def current_view(self) -> View:
        """Return the view that is shown."""
        return self._views[self.view]

    def show(self, name: str) -> None:
        """Show another view."""
        if name == self.view:
            return
        self.view_before, self.view = self.view, name
        self._main.query_one(ContentSwitcher).current = name
        self.call_after_refresh(self.action_focus_view)

    def action_focus_view(self) -> None:
        """Give the keys to the view that is shown."""
        self.current_view.current.focus()
        self.pull_all()

    def focused_panel(self, panel: LinePanel) -> None:
        """A panel has the focus: its view remembers it."""
        self.current_view.went_to(panel)
        self.pull_all()

    def is_current(self, panel: LinePanel) -> bool:
        """Say whether keys go to `panel`."""
        if len(self.screen_stack) > 1:
            return panel.screen is self.screen
        return self.current_view.current is panel

    # -- the product in focus --------------------------------------------------------------

    def select(self, product: str) -> None:
        """Show the details of `product`."""
        self.state.selected = product
        if self.frozen is not None:
            self.frozen.selected = product
        self.pull_all()

    # -- actions ---------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        """Give a key that was on its way when a line to type into opened to that line."""
        if event.character is None or not event.is_printable:
            return
        prompt = self._main.query_one(Prompt)
        if isinstance(self.screen, Palette):
            self.screen.type(event.character)
        elif prompt.display:
            prompt.insert_text_at_cursor(event.character)
        else:
            return
        event.prevent_default()

    def action_press(self, key: str) -> None:
        """Do what a key does in this view."""
        action = find(self.view, key, read_only=self.options.read_only)
        if action is not None:
            self.act(action.id)

    def act(self, id: str, panel: LinePanel | None = None) -> None:  # noqa: A002 -- an action's
        """Do an action: the panel's own, else the view's, else the dashboard's."""
        if id.startswith("view."):
            self.show(id.partition(".")[2])
            return
        name = f"act_{id.replace('.', '_')}"
        for place in (panel or self.current_view.current, self.current_view, self._acts):
            method: Callable[[], None] | None = getattr(place, name, None)
            if method is not None:
                method()
                return

    def ask_filter(self, text: str, told: Callable[[str], None]) -> None:
        """Ask for a filter."""
        self._main.query_one(Prompt).ask(text, told)

    @property
    def note(self) -> str:
        """Return what there is to say, for a while."""
        text, since_ns = self._note
        return text if self.now_ns() - since_ns < NOTE_NS else ""

    def say(self, text: str) -> None:
        """Say something at the bottom."""
        self._note = (text, self.now_ns())
        self.pull_all()
