"""EffectMenu: all effects, those of plugins too, with a line to search them."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QWidget, QWidgetAction

from audiosr_desktop.effects.effect import Effect
from audiosr_desktop.ui.language import tr

_OWN = "audiosr."  # with which the ids of the program's effects begin


class EffectMenu(QMenu):
    """Filled when it opens, as plugins come and go.

    Args:
        title: of the menu.
        effects: returns the effects there are, by id.
    """

    effect_wanted = Signal(str)

    def __init__(
        self, title: str, effects: Callable[[], Mapping[str, Effect]], parent: QWidget | None = None
    ) -> None:
        super().__init__(title, parent)
        self._effects = effects
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search"))
        self.search.setAccessibleName(tr("Search the effects"))
        self.search.textChanged.connect(self._on_search)
        self.search.installEventFilter(self)
        self._place = QWidgetAction(self)
        self._place.setDefaultWidget(self.search)
        self.addAction(self._place)
        self.aboutToShow.connect(self._fill)
        self.triggered.connect(self._on_chosen)

    def offered(self) -> list[QAction]:
        """Return the effects that fit what is searched for."""
        return [action for action in self.actions() if action.data() and action.isVisible()]

    @Slot()
    def _fill(self) -> None:
        for action in self.actions():
            if action is not self._place:
                self.removeAction(action)
                action.deleteLater()
        effects = self._effects().values()
        own = [effect for effect in effects if effect.id.startswith(_OWN)]
        others = [effect for effect in effects if not effect.id.startswith(_OWN)]
        for effect in own:
            self.addAction(tr(effect.title)).setData(effect.id)
        self.addSeparator()  # one that ends a menu is not drawn
        for effect in others:
            self.addAction(tr(effect.title)).setData(effect.id)
        self.search.clear()
        self.search.setFocus()

    @Slot(str)
    def _on_search(self, text: str) -> None:
        for action in self.actions():
            if action.isSeparator():
                action.setVisible(not text.strip())
            elif action.data():
                action.setVisible(text.strip().lower() in f"{action.text()} {action.data()}".lower())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Return takes the first effect; the menus behind the line would open again by it."""
        returns = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() in returns:
            self._take_first()
            return True
        return super().eventFilter(watched, event)

    def _take_first(self) -> None:
        if found := self.offered():
            while (popup := QApplication.activePopupWidget()) is not None:  # those that it hangs from, too
                popup.close()
            found[0].trigger()

    @Slot(QAction)
    def _on_chosen(self, action: QAction) -> None:
        if action.data():
            self.effect_wanted.emit(str(action.data()))
