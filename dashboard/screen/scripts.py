"""Scripts of ours that draw in the reader's browser, served as files of this server under its content security policy."""

from __future__ import annotations

from pathlib import Path
from weakref import WeakKeyDictionary

import streamlit as st
from streamlit.components.v2.component_manager import BidiComponentManager
from streamlit.components.v2.get_bidi_component_manager import get_bidi_component_manager
from streamlit.components.v2.manifest_scanner import ComponentConfig, ComponentManifest
from streamlit.components.v2.types import ComponentRenderer

HOSTS = {
    "plot": '<div class="meridian-plot" role="img"></div>',
    "table": '<div class="meridian-table" role="region" tabindex="0"></div><span tabindex="-1"></span>',
    "frame": '<button type="button" class="meridian-copy"></button>',
    "returning": "<span></span>",
}
"""Each script by its folder, which holds a file of the same name, and what it draws in."""
MANIFEST = ComponentManifest("meridian", "1", [ComponentConfig(name, name) for name in HOSTS])
_made: WeakKeyDictionary[BidiComponentManager, dict[str, ComponentRenderer]] = WeakKeyDictionary()


def component(name: str) -> ComponentRenderer:
    """The component of a script, made known once to the runtime that runs this page."""
    manager = get_bidi_component_manager()
    if manager not in _made:
        manager.register_from_manifest(MANIFEST, Path(__file__).parent)
        _made[manager] = {
            own: st.components.v2.component(f"meridian.{own}", html=host, js=f"{own}.js", isolate_styles=False)
            for own, host in HOSTS.items()
        }
    return _made[manager][name]
