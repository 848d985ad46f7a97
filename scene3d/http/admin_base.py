"""What admin pages of several rooms share: rows that only services change, acts with a reason."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from scene3d.http.problem import Problem

Row = TypeVar("Row", bound=Model)


class ReadOnlyInline(admin.TabularInline):  # type: ignore[type-arg]  # one base for several models
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class ReadOnlyAdmin(admin.ModelAdmin[Row]):
    class Media:
        css = {"all": ["css/admin.css"]}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        return False

    def visible(self, request: HttpRequest, pk: int) -> Row:
        """Raises: Http404, PermissionDenied."""
        row = self.get_queryset(request).filter(pk=pk).first()
        if row is None:
            raise Http404
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        return row


class ReasonForm(forms.Form):
    class Media:
        css = {"all": ["admin/css/forms.css"]}

    reason = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField", "autofocus": True}),
        max_length=2000,
        help_text="Goes into the audit log, for whoever wonders later.",
    )


@dataclass(frozen=True, kw_only=True)
class Question:
    """One act as it is put to a person.

    Attributes:
        act: does it, with the person's reason, and returns words for them. Raises: Problem.
        back: where it leads, done or not.
    """

    title: str
    about: str
    words: str
    button: str
    objection: Problem | None
    act: Callable[[str], str]
    back: str


def ask(request: HttpRequest, question: Question, page: ReadOnlyAdmin[Any]) -> HttpResponse:
    """Show the form, or do it; a refusal has its status, words and next step."""
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if question.objection is None and form.is_valid():
        try:
            messages.success(request, question.act(form.cleaned_data["reason"]))
        except Problem as problem:
            messages.error(request, f"{problem.detail} {problem.next_step}")
        return HttpResponseRedirect(question.back)
    context = {
        **page.admin_site.each_context(request),
        "title": question.title,
        "question": question,
        "form": form,
        "media": form.media + page.media,
        "opts": page.opts,
    }
    status = question.objection.status if question.objection is not None else HTTPStatus.OK
    return TemplateResponse(request, "admin/common/act.html", context, status=status)


def pretty(value: Any) -> SafeString:
    """JSON as people read it."""
    return format_html('<pre class="mlops-json">{}</pre>', json.dumps(value, indent=1))


def link(row: Model, words: str = "") -> SafeString:
    """To the row's page in the admin."""
    options = row._meta  # noqa: SLF001  # Django documents it
    name = f"admin:{options.app_label}_{options.model_name}_change"
    return format_html('<a href="{}">{}</a>', reverse(name, args=[row.pk]), words or str(row))


def outside_link(address: str) -> SafeString | str:
    return format_html('<a href="{0}">{0}</a>', address) if address else "–"
