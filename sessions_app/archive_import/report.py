"""What an import says about each file: for the command as lines, for a page as it is."""

from __future__ import annotations

from typing import Any

from sessions_app.archive_import.comparing import Plan

TITLES = {
    "recognised": "Recognised",
    "missing": "Not recognised",
    "doubtful": "Doubtful",
    "done": "Import",
    "kept": "Left alone",
}


def report(plan: Plan) -> dict[str, Any]:
    """The whole report, as a value that JSON can hold."""
    changes = plan.by_path
    files = []
    for said in plan.survey.files:
        change = changes.get(said.path)
        files.append(
            {
                "path": said.path,
                "number": said.number if change else None,
                "title": _title(said, change),
                "why_not": said.no_session,
                "question": said.question,
                "recognised": [] if said.no_session else said.recognised,
                "items": [] if said.no_session else [_item(item) for item in said.items],
                "missing": [] if said.no_session else said.missing,
                "doubtful": [] if said.no_session else said.doubtful,
                "done": change.sentences if change else [],
                "kept": change.kept if change else [],
            }
        )
    return {
        "files": files,
        "left_out": plan.survey.left_out,
        "new": len(plan.new),
        "changed": len(plan.changed),
        "same": len(plan.changes) - len(plan.new) - len(plan.changed),
        "links": sum(len(item.addresses) for change in plan.changes for item in change.said.all_items()),
        "open": len(plan.survey.open_dates),
        "order": str(plan.survey.order or ""),
        "why_order": plan.survey.why_order,
    }


def _title(said, change) -> str:
    if change and change.session:
        return change.values.get("title", change.session.title)
    return change.values.get("title", "") if change else said.title


def _item(item) -> dict[str, Any]:
    return {
        "title": item.title,
        "kind": item.kind,
        "part": item.part,
        "why_optional": item.why_optional,
        "links": len(item.addresses),
        "url": item.url,
        "parts": [_item(part) for part in item.parts],
    }


def lines(told: dict[str, Any]) -> list[str]:
    """The report for a terminal."""
    out = []
    for file in told["files"]:
        out.append(file["path"])
        if file["why_not"]:
            out.append(f"  No session: {file['why_not']}")
            continue
        out += [f"  {sentence}" for sentence in file["recognised"]]
        out += [line for item in file["items"] for line in _item_lines(item, "  ")]
        for name in ("missing", "doubtful", "done", "kept"):
            out += [f"  {TITLES[name]}: {sentence}" for sentence in file[name]]
    out += [f"Not taken: {sentence}" for sentence in told["left_out"]]
    return out


def _item_lines(item: dict[str, Any], indent: str) -> list[str]:
    links = f"{item['links']} link{'s' if item['links'] != 1 else ''}" if item["links"] else "no link"
    words = [item["kind"], links]
    words += [item["part"]] if item["part"] else []
    words += [f"optional because of “{item['why_optional']}”"] if item["why_optional"] else []
    return [
        f"{indent}- {item['title']} ({', '.join(words)})",
        *(line for part in item["parts"] for line in _item_lines(part, f"{indent}  ")),
    ]
