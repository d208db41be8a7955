"""When each presenter has first presented, kept by triggers and indexed: the order of the presenters' page.

A column `first_talk` that no model knows, so that nothing loads it: the beginning of the first published session
with a talk of theirs, and the talk's place in it. Sessions begin on whole minutes, so the places fit between.

A trigger sees what its own transaction sees, and passes over a presenter whom another one is just changing: so it
waits for nobody, and nobody for it. Where two transactions at once change what one presenter has given, the order
may be out of date until the worker's next round (`sessions_app.tasks.mend_first_talks`).
"""

from django.db import migrations

CREATE = """
ALTER TABLE sessions_app_presenter ADD COLUMN first_talk timestamptz;
CREATE INDEX sessions_app_presenter_by_first_talk ON sessions_app_presenter (first_talk, id)
WHERE first_talk IS NOT NULL;

CREATE FUNCTION sessions_app_note_first_talks(changed bigint[]) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    noted integer;
BEGIN
    WITH first (id, at) AS (
        SELECT presenter.id, (
            SELECT min(starts_at + slot.position * interval '1 ms')
            FROM sessions_app_appearance AS appearance
            JOIN sessions_app_slot AS slot USING (presentation_id)
            JOIN sessions_app_session AS session ON session.id = session_id
            WHERE appearance.presenter_id = presenter.id AND state IN ('announced', 'held')
        )
        FROM sessions_app_presenter AS presenter WHERE id = ANY (changed)
    ), free (id) AS (
        SELECT presenter.id FROM sessions_app_presenter AS presenter JOIN first USING (id)
        WHERE first_talk IS DISTINCT FROM at
        FOR NO KEY UPDATE OF presenter SKIP LOCKED
    )
    UPDATE sessions_app_presenter AS presenter SET first_talk = at
    FROM first JOIN free USING (id) WHERE presenter.id = first.id;
    GET DIAGNOSTICS noted = ROW_COUNT;
    RETURN noted;
END;
$$;
"""
TRIGGER = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM sessions_app_note_first_talks(changed) FROM (
        SELECT array_agg(DISTINCT presenter_id) AS changed FROM ({rows}) AS rows {join}
    ) AS found WHERE changed IS NOT NULL;
    RETURN NULL;
END;
$$;
"""
FIRES = """
CREATE TRIGGER {name}_{when} AFTER {event} ON {table}
REFERENCING {seen} FOR EACH STATEMENT EXECUTE FUNCTION {name}_{when}();
"""
CAME, GONE = "NEW TABLE AS came", "OLD TABLE AS gone"
BOTH = "{came} UNION ALL {gone}"
APPEARANCES = "JOIN sessions_app_appearance AS appearance USING (presentation_id)"
SLOTS = "JOIN sessions_app_slot AS slot ON slot.session_id = rows.id " + APPEARANCES
# Of a session, only what decides whether and when it counts. One that is gone takes its talks' places with it.
MOVED = """
    SELECT came.id FROM came JOIN gone USING (id)
    WHERE came.state <> gone.state OR came.starts_at <> gone.starts_at
"""
NAME = "sessions_app_first_talk"


def _triggers(table: str, column: str, join: str) -> str:
    name = f"{NAME}_{table.rpartition('_')[2]}"
    rows = {each: f"SELECT {column} FROM {each}" for each in ("came", "gone")}  # noqa: S608
    events = [
        ("inserted", "INSERT", rows["came"], CAME),
        ("updated", "UPDATE", BOTH.format(**rows), f"{CAME} {GONE}"),
        ("deleted", "DELETE", rows["gone"], GONE),
    ]
    return "".join(
        TRIGGER.format(name=f"{name}_{when}", rows=changed, join=join)
        + FIRES.format(name=name, when=when, event=event, table=table, seen=seen)
        for when, event, changed, seen in events
    )


FILL = "SELECT sessions_app_note_first_talks(array_agg(id)) FROM sessions_app_presenter;"
CREATE += (
    _triggers("sessions_app_slot", "presentation_id", APPEARANCES)
    + _triggers("sessions_app_appearance", "presenter_id", "")
    + TRIGGER.format(name=f"{NAME}_session_updated", rows=MOVED, join=SLOTS)
    + FIRES.format(
        name=f"{NAME}_session",
        when="updated",
        event="UPDATE",
        table="sessions_app_session",
        seen=f"{CAME} {GONE}",
    )
    + FILL
)
DROP = f"""
DROP FUNCTION {NAME}_slot_inserted() CASCADE;
DROP FUNCTION {NAME}_slot_updated() CASCADE;
DROP FUNCTION {NAME}_slot_deleted() CASCADE;
DROP FUNCTION {NAME}_appearance_inserted() CASCADE;
DROP FUNCTION {NAME}_appearance_updated() CASCADE;
DROP FUNCTION {NAME}_appearance_deleted() CASCADE;
DROP FUNCTION {NAME}_session_updated() CASCADE;
DROP FUNCTION sessions_app_note_first_talks(bigint[]);
ALTER TABLE sessions_app_presenter DROP COLUMN first_talk;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("sessions_app", "0008_archive_tally"),
    ]
    operations = [migrations.RunSQL(CREATE, DROP)]
