"""The archive's counts by state, year and track, kept by triggers; indexes by year and for the news."""

from django.db import migrations, models

YEAR = "EXTRACT(YEAR FROM timezone({of}.time_zone, {of}.starts_at))::integer"
# A session counts once for itself, as track 0, and once for each of its tracks.
COUNTED = f"""
    SELECT {{of}}.state, {YEAR} AS year, each.track, {{sign}}1 AS one FROM {{rows}} AS {{of}}
    CROSS JOIN LATERAL (
        SELECT 0 AS track UNION ALL
        SELECT track_id FROM sessions_app_track_sessions WHERE session_id = {{of}}.id
    ) AS each
"""  # noqa: S608
CAME, GONE = (COUNTED.format(of=rows, rows=rows, sign=sign) for rows, sign in (("came", ""), ("gone", "-")))
OF_TRACKS = f"""
    SELECT session.state, {YEAR.format(of="session")} AS year, {{rows}}.track_id AS track, {{sign}}1 AS one
    FROM {{rows}} JOIN sessions_app_session AS session ON session.id = {{rows}}.session_id
"""  # noqa: S608
TRACKS_CAME, TRACKS_GONE = (
    OF_TRACKS.format(rows=rows, sign=sign) for rows, sign in (("came", ""), ("gone", "-"))
)
WRITE = """
    INSERT INTO sessions_app_archivetally (state, year, track, change)
    SELECT state, year, track, sum(one) FROM ({counted}) AS counted GROUP BY 1, 2, 3 HAVING sum(one) <> 0;
"""
# Whoever changes the tracks of a session waits for whoever moves it to another year or state, and the other
# way round: each would else count without what the other has not committed yet.
WAIT = """
    PERFORM FROM sessions_app_session WHERE id IN (SELECT session_id FROM {rows}) ORDER BY id FOR SHARE;
"""
FUNCTION = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        {came}
    ELSIF TG_OP = 'DELETE' THEN
        {gone}
    ELSE
        {both}
    END IF;
    RETURN NULL;
END;
$$;
"""
TRIGGERS = """
CREATE TRIGGER {name}_inserted AFTER INSERT ON {table}
REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION {name}();
CREATE TRIGGER {name}_updated AFTER UPDATE ON {table}
REFERENCING NEW TABLE AS came OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION {name}();
CREATE TRIGGER {name}_deleted AFTER DELETE ON {table}
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION {name}();
"""
SESSIONS, TRACKS = "sessions_app_tally_sessions", "sessions_app_tally_tracks"
CREATE = (
    "INSERT INTO sessions_app_archivetally (state, year, track, change)"  # noqa: S608
    f" SELECT state, year, track, sum(one) FROM ({COUNTED.format(of='came', rows='sessions_app_session', sign='')})"
    " AS counted GROUP BY 1, 2, 3;"
    + FUNCTION.format(
        name=SESSIONS,
        came=WRITE.format(counted=CAME),
        gone=WRITE.format(counted=GONE),
        both=WRITE.format(counted=f"{CAME} UNION ALL {GONE}"),
    )
    + FUNCTION.format(
        name=TRACKS,
        came=WAIT.format(rows="came") + WRITE.format(counted=TRACKS_CAME),
        gone=WAIT.format(rows="gone") + WRITE.format(counted=TRACKS_GONE),
        both=WAIT.format(rows="came")
        + WAIT.format(rows="gone")
        + WRITE.format(counted=f"{TRACKS_CAME} UNION ALL {TRACKS_GONE}"),
    )
    + TRIGGERS.format(name=SESSIONS, table="sessions_app_session")
    + TRIGGERS.format(name=TRACKS, table="sessions_app_track_sessions")
)
DROP = f"""
DROP FUNCTION {SESSIONS}() CASCADE;
DROP FUNCTION {TRACKS}() CASCADE;
DELETE FROM sessions_app_archivetally;
"""  # noqa: S608


class Migration(migrations.Migration):
    dependencies = [("sessions_app", "0007_calendar_links")]
    operations = [
        migrations.CreateModel(
            name="ArchiveTally",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("state", models.CharField(max_length=10)),
                ("year", models.IntegerField()),
                (
                    "track",
                    models.BigIntegerField(help_text="The key of a track; 0 counts each session once."),
                ),
                ("change", models.IntegerField()),
            ],
        ),
        migrations.AddIndex(
            model_name="notes",
            index=models.Index(fields=["updated_at"], name="sessions_app_notes_newest"),
        ),
        migrations.AddIndex(
            model_name="session",
            index=models.Index(
                models.Func(
                    models.F("time_zone"),
                    models.F("starts_at"),
                    output_field=models.IntegerField(),
                    template="EXTRACT(YEAR FROM timezone(%(expressions)s))::integer",
                ),
                models.F("starts_at"),
                models.F("id"),
                name="sessions_app_session_by_year",
            ),
        ),
        migrations.AddIndex(
            model_name="archivetally",
            index=models.Index(fields=["track", "year"], name="sessions_app_archive_tally"),
        ),
        migrations.RunSQL(CREATE, DROP),
    ]
