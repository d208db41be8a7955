"""Every report, in the order of the page that lists them."""

from __future__ import annotations

from studygroup.reports import applications, attendance, people, preparation, programme
from studygroup.reports.figure import Report

REPORTS: dict[str, Report] = {
    report.slug: report
    for report in [
        *applications.REPORTS,
        *attendance.REPORTS,
        *preparation.REPORTS,
        *programme.REPORTS,
        *people.REPORTS,
    ]
}
