"""What `streamlit run app` starts: the dashboard behind a guard that looks at every request."""

from __future__ import annotations

import streamlit as st
from starlette.middleware import Middleware

from frame.guard import Guard, allow_own_hosts

allow_own_hosts()
app = st.App("dashboard.py", middleware=[Middleware(Guard)])
