"""Letters to an applicant, and the templates for them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from members import letters
from members.access import group_of, organiser_required
from members.errors import Refused
from members.forms.letters import LetterForm, TemplateForm
from members.models import Application, ReplyTemplate
from members.names import isolated
from members.views.organiser.desk import queue_suffix


# --- To one applicant ---------------------------------------------------------------------------------
@organiser_required
@require_http_methods(["GET", "HEAD", "POST"])
def write(request: HttpRequest, pk: int) -> HttpResponse:
    """Write to an applicant: `?template=` chooses the words, the form shows the mail, a button sends it."""
    application = get_object_or_404(Application, pk=pk)
    words = letters.words_for(application, group_of(request))
    if request.method != "POST":
        return _page(request, application, _form_of_template(request, words))
    form = LetterForm(request.POST, words=words)
    if not form.is_valid():
        # htmx shows only what is answered by 200.
        return _page(request, application, form, status=200 if request.htmx else 422)
    if request.POST.get("then") == "preview":
        return _page(request, application, form)
    try:
        letters.send(application_id=pk, by=request.user, now=timezone.now(), **form.cleaned_data)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return _page(request, application, form, status=409)
    name = isolated(application.name)
    messages.success(request, f"Your letter to {name} is in the outbox.")
    return redirect(reverse("organise:application", args=[pk]) + queue_suffix(request))


def _form_of_template(request: HttpRequest, words: dict[str, str]) -> LetterForm:
    """An empty form, or one with the words of the template that the address names."""
    chosen = request.GET.get("template", "")
    templates = ReplyTemplate.objects.filter(use=ReplyTemplate.Use.MESSAGE)
    known = chosen.isascii() and chosen.isdigit() and len(chosen) < 19
    template = templates.filter(pk=chosen).first() if known else None
    initial = {
        field: letters.fill_known(getattr(template, field), words)
        for field in ("subject", "text")
        if template is not None
    }
    form = LetterForm(words=words, initial=initial)
    form.template = template
    return form


def _page(
    request: HttpRequest, application: Application, form: LetterForm, *, status: int = 200
) -> HttpResponse:
    typed = {field: form[field].value() or "" for field in ("subject", "text")}
    try:
        mail = letters.preview(application, group_of(request), **typed) if any(typed.values()) else None
    except Refused:
        mail = None  # the form says which placeholder it does not know
    return render(
        request,
        "organiser/letter.html",
        {
            "application": application,
            "form": form,
            "templates": ReplyTemplate.objects.filter(use=ReplyTemplate.Use.MESSAGE),
            "chosen": getattr(form, "template", None),
            "mail": mail,
            "suffix": queue_suffix(request),
            "queue": request.GET.get("queue", request.POST.get("queue")),
        },
        status=status,
    )


# --- The templates ------------------------------------------------------------------------------------
@organiser_required
@require_safe
def template_list(request: HttpRequest) -> HttpResponse:
    """All templates, by what they are for."""
    templates = list(ReplyTemplate.objects.all())
    uses = [(use.label, [each for each in templates if each.use == use]) for use in ReplyTemplate.Use]
    return render(request, "organiser/letter_list.html", {"uses": uses})


@organiser_required
@require_http_methods(["GET", "HEAD", "POST"])
def template_new(request: HttpRequest) -> HttpResponse:
    """Add a template; `?use=` says what it is for."""
    return _edit(
        request, None, TemplateForm(request.POST or None, initial={"use": request.GET.get("use", "")})
    )


@organiser_required
@require_http_methods(["GET", "HEAD", "POST"])
def template_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a template; what was sent with it stays as it was sent."""
    template = get_object_or_404(ReplyTemplate, pk=pk)
    return _edit(request, template, TemplateForm(request.POST or None, instance=template))


def _edit(request: HttpRequest, template: ReplyTemplate | None, form: TemplateForm) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        saved = form.save()
        messages.success(request, f"“{saved.name}” is saved.")
        return redirect("organise:letters")
    context = {"form": form, "template": template, "name": template and form.initial["name"]}
    return render(request, "organiser/letter_edit.html", context, status=422 if form.is_bound else 200)


@organiser_required
@require_http_methods(["GET", "HEAD", "POST"])
def template_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask once, then delete a template."""
    template = ReplyTemplate.objects.filter(pk=pk).first()
    if template is None:
        messages.error(request, "This template is deleted already. Nothing was changed.")
        return redirect("organise:letters")
    if request.method != "POST":
        return render(request, "organiser/letter_delete.html", {"template": template})
    template.delete()
    messages.success(request, f"“{template.name}” is deleted.")
    return redirect("organise:letters")
