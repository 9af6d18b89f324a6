"""What `streamlit run app` starts: the dashboard behind a guard that looks at every request."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from dnaconv_core.errors import DnaConvError
from dnaconv_core.home import configured_home, several
from frame.guard import Guard, allow_own_hosts
from frame.library import Library
from frame.users import start_with_users

allow_own_hosts()
try:
    configured_home()
    if several():
        start_with_users()
except DnaConvError as error:
    print(f"dnaconv: {error}", file=sys.stderr)
    sys.exit(2)
plotly = Path(find_spec("plotly").origin).parent / "package_data" / "plotly.min.js"  # found without importing plotly
app = st.App("dashboard.py", middleware=[Middleware(Guard), Middleware(Library, path=plotly)])
