"""A page for the second step, where the site has none yet: it offers a passkey and nothing else."""

from __future__ import annotations

from flask import Flask, render_template_string

from frontdesk.access import public

PAGE = """{% extends "base.html" %}
{% block title %}Second step{% endblock %}
{% block main %}{% include "accounts/_passkey.html" %}{% endblock %}"""


class SecondStep:
    def init_app(self, app: Flask) -> None:
        if "accounts.second_step" not in app.view_functions:
            view = public(lambda: render_template_string(PAGE))
            app.add_url_rule("/login/second-step", "accounts.second_step", view)


second_step = SecondStep()
